from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    name = "assessments"
    verbose_name = "Penilaian"

    def ready(self) -> None:
        from accounts.services.agencies import check_before_ending
        from assessments.queries.agencies import running_assessments

        check_before_ending(running_assessments)
