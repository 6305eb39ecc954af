"""Dagster assets from stages, and observable sources from datasets.

One factory each: what an asset does stands in its stage, and what it depends on in the graph.
"""

from collections.abc import Iterator

import dagster as dg

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.datasets.raw_files import SourceMissing
from emotion_pipeline.orchestration.metadata import metadata_of
from emotion_pipeline.orchestration.progress import reporter
from emotion_pipeline.orchestration.records import DATA_VERSION
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Needs, Produced, Stage, Workspace
from emotion_pipeline.stages.sources import observe
from emotion_pipeline.stages.state import make

OWNER = "team:emotion-pipeline"
Graph = dict[str, Stage]


def source_for(dataset: Dataset, settings: Settings) -> dg.SourceAsset:
    """`raw/<dataset>`, whose data version is a digest of the files that are there."""

    @dg.observable_source_asset(
        key=["raw", dataset.name],
        group_name="raw",
        description=f"{dataset.title}. Expected: {dataset.expects}. Licence: {dataset.licence}.",
        metadata={"homepage": dg.MetadataValue.url(dataset.homepage)},
    )
    def raw() -> dg.ObserveResult:
        try:
            found = observe(Workspace(settings), dataset)
        except SourceMissing as missing:
            raise dg.Failure(str(missing), allow_retries=False) from missing
        return dg.ObserveResult(
            data_version=dg.DataVersion(found.version),
            metadata={"files": len(found.files), "bytes": found.n_bytes},
        )

    return raw


def asset_for(stage: Stage, graph: Graph, settings: Settings) -> dg.AssetsDefinition:
    """The asset of one stage. A run over many partitions makes them one after another."""

    @dg.asset(
        key=stage.key.split("/"),
        deps=[_dependency(needs, graph) for needs in stage.needs],
        code_version=stage.code,
        partitions_def=_partitions(stage),
        backfill_policy=dg.BackfillPolicy.single_run() if stage.partitions else None,
        group_name=stage.group,
        kinds=set(stage.kinds),
        description=stage.description,
        owners=[OWNER],
        pool=stage.pool,
    )
    def asset(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult | dg.AssetMaterialization]:
        if not stage.partitions:
            yield _result(_make(context, stage, graph, settings, None))
            return
        if not context.has_partition_key and not context.has_partition_key_range:
            raise dg.Failure(
                f"{stage.key} is made by partition: choose one or more of {stage.dimension}"
            )
        keys = list(context.partition_keys)
        made = {key: _make(context, stage, graph, settings, key) for key in keys}
        if len(keys) == 1:
            yield _result(made[keys[0]])
        else:
            yield dg.MaterializeResult(data_version=dg.DataVersion("several partitions"))
            yield from _each_partition(context, made)

    return asset


def _make(
    context: dg.AssetExecutionContext,
    stage: Stage,
    graph: Graph,
    settings: Settings,
    key: str | None,
) -> Produced:
    progress = reporter(context.log.info, key or "table")
    produced = make(stage, key, graph, Workspace(settings, progress))
    context.log.info(f"{stage.key} {key or ''}: {produced.summary}")
    return produced


def _result(produced: Produced) -> dg.MaterializeResult:
    version = dg.DataVersion(produced.version)
    return dg.MaterializeResult(data_version=version, metadata=metadata_of(produced))


def _each_partition(
    context: dg.AssetExecutionContext, made: dict[str, Produced]
) -> Iterator[dg.AssetMaterialization]:
    """An event of its own for every partition: Dagster gives those of one run all one version.

    The tags that Dagster wrote a moment ago are kept, since they say what the partition was made
    from; the last event of a partition is the one that counts.
    """
    for key, produced in made.items():
        chosen = dg.AssetRecordsFilter(context.asset_key, asset_partitions=[key])
        newest = context.instance.fetch_materializations(chosen, limit=1).records[0]
        written = newest.asset_materialization
        kept = dict(written.tags or {}) if written is not None else {}
        yield dg.AssetMaterialization(
            context.asset_key,
            partition=key,
            metadata=metadata_of(produced),
            tags={**kept, DATA_VERSION: produced.version},
        )


def _partitions(stage: Stage) -> dg.StaticPartitionsDefinition | None:
    return dg.StaticPartitionsDefinition(list(stage.partitions)) if stage.partitions else None


def _dependency(needs: Needs, graph: Graph) -> dg.AssetDep:
    upstream = graph.get(needs.key)
    mapping: dg.PartitionMapping | None = None
    if upstream is not None and upstream.partitions:
        if needs.same_partition:
            mapping = dg.StaticPartitionMapping({name: name for name in needs.only})
        elif needs.only:
            mapping = dg.SpecificPartitionsPartitionMapping(list(needs.only))
        else:
            mapping = dg.AllPartitionMapping()
    return dg.AssetDep(needs.key.split("/"), partition_mapping=mapping)
