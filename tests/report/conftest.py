import pytest
from sample import report_data

from bylaw.report.data import ReportData


@pytest.fixture(scope="session")
def data() -> ReportData:
    return report_data()
