def write_agency_report(report: object) -> bytes:
    raise NotImplementedError
