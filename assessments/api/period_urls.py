"""Periods and the government in them."""

from django.urls import path

from assessments.api import assignments, copies, followups, pemda, periods, results, roadmap

urlpatterns = [
    path("periods/", periods.PeriodList.as_view(), name="api_periods"),
    path("periods/<int:pk>/", periods.PeriodDetail.as_view(), name="api_period"),
    path("periods/<int:pk>/agencies/", periods.PeriodAgencies.as_view(), name="api_period_agencies"),
    path("periods/<int:pk>/open/", periods.PeriodOpen.as_view(), name="api_period_open"),
    path("periods/<int:pk>/cancel/", periods.PeriodCancel.as_view(), name="api_period_cancel"),
    path("periods/<int:pk>/copy-answers/", copies.PeriodCopyAnswers.as_view(), name="api_period_copy"),
    path("periods/<int:pk>/finalise/", periods.PeriodFinalise.as_view(), name="api_period_finalise"),
    path("periods/<int:pk>/assignments/", assignments.PeriodAssignments.as_view(), name="api_period_assignments"),
    path("periods/<int:pk>/results/", results.PeriodResults.as_view(), name="api_period_results"),
    path("periods/<int:pk>/pemda/", pemda.Pemda.as_view(), name="api_pemda"),
    path("periods/<int:pk>/pemda/finalise/", pemda.PemdaFinalise.as_view(), name="api_pemda_finalise"),
    path("periods/<int:pk>/pemda/reopen/", pemda.PemdaReopen.as_view(), name="api_pemda_reopen"),
    path(
        "periods/<int:pk>/determinations/suggested/",
        pemda.DetermineSuggested.as_view(),
        name="api_determinations_suggested",
    ),
    path(
        "periods/<int:pk>/determinations/<slug:number>/",
        pemda.DeterminationDetail.as_view(),
        name="api_determination",
    ),
    path("periods/<int:pk>/external/<slug:number>/", pemda.ExternalDetail.as_view(), name="api_external"),
    path("periods/<int:pk>/roadmap/", roadmap.Roadmap.as_view(), name="api_roadmap"),
    path("periods/<int:pk>/plan/", roadmap.PlanDetail.as_view(), name="api_plan"),
    path("follow-ups/", followups.FollowUpList.as_view(), name="api_follow_ups"),
    path("follow-ups/<int:pk>/", followups.FollowUpDetail.as_view(), name="api_follow_up"),
    path("follow-ups/<int:pk>/progress/", followups.FollowUpProgress.as_view(), name="api_follow_up_progress"),
    path("follow-ups/<int:pk>/report/", followups.FollowUpReport.as_view(), name="api_follow_up_report"),
    path("follow-ups/<int:pk>/move/", followups.FollowUpMoves.as_view(), name="api_follow_up_move"),
    path("follow-ups/<int:pk>/proof/", followups.FollowUpProof.as_view(), name="api_follow_up_proof"),
    path("trend/", pemda.Trend.as_view(), name="api_trend"),
]
