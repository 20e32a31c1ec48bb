"""The scores of the night as an Airflow DAG (Airflow 3): one run per business day, safe to retry and to clear."""

from datetime import timedelta
from typing import Any

import pendulum
from airflow.exceptions import AirflowFailException
from airflow.sdk import dag, task

CONFIG = "/srv/shop/patron.toml"
ZONE = "America/New_York"


@dag(
    schedule="15 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=1,
)
def nightly_scores() -> None:
    """Score everyone at the beginning of the day."""

    @task(retries=3, retry_delay=timedelta(minutes=10))
    def score(data_interval_end: Any = None) -> str:
        """The folder of the scores. A retry goes on where the attempt before it was ended."""
        import patron

        day = data_interval_end.in_timezone(ZONE).date().isoformat()
        config = patron.load_config(CONFIG, data__observed_until=day)
        try:
            return str(patron.score(config, day).folder)
        except patron.PatronError as error:
            if error.exit_code == 2:  # the evidence, the model or the configuration: no retry mends it
                raise AirflowFailException(str(error)) from error
            raise

    score()


nightly_scores()
