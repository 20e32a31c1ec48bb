"""The scores of the night as a Dagster asset: one partition per business day, safe to retry and to make again."""

from dagster import (
    AssetExecutionContext,
    DailyPartitionsDefinition,
    Definitions,
    Failure,
    MaterializeResult,
    RetryPolicy,
    asset,
    build_schedule_from_partitioned_job,
    define_asset_job,
)

CONFIG = "/srv/shop/patron.toml"
DAYS = DailyPartitionsDefinition(start_date="2026-01-01", timezone="America/New_York", end_offset=1)


@asset(partitions_def=DAYS, retry_policy=RetryPolicy(max_retries=3, delay=600))
def repurchase_scores(context: AssetExecutionContext) -> MaterializeResult:
    """Everyone's scores at the beginning of the day. A retry goes on where the attempt before it was ended."""
    import patron

    day = context.partition_key
    config = patron.load_config(CONFIG, data__observed_until=day)
    try:
        result = patron.score(config, day)
    except patron.PatronError as error:
        # Exit code 2 is the evidence, the model or the configuration: no retry mends it.
        raise Failure(str(error), allow_retries=error.exit_code != 2) from error
    return MaterializeResult(
        metadata={"folder": str(result.folder), "customers": result.customers, "scored": result.scored}
    )


nightly = build_schedule_from_partitioned_job(
    define_asset_job("nightly_scores", [repurchase_scores]), hour_of_day=2, minute_of_hour=15
)
defs = Definitions(assets=[repurchase_scores], schedules=[nightly])
