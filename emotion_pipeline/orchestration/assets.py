"""Dagster assets from stages, and observable sources from datasets.

One factory each: what an asset does stands in its stage, and what it depends on in the graph.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import dagster as dg

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.datasets.raw_files import SourceMissing
from emotion_pipeline.orchestration.automation import condition_for
from emotion_pipeline.orchestration.metadata import columns_of, costs_of, metadata_of
from emotion_pipeline.orchestration.progress import reporter
from emotion_pipeline.orchestration.provenance import provenance_tags, source_tags
from emotion_pipeline.orchestration.records import DATA_VERSION, record_observation
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Needs, Produced, Stage, Workspace
from emotion_pipeline.stages.sources import observe
from emotion_pipeline.stages.state import RAW, make

log = logging.getLogger(__name__)

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
        backfill_policy=_backfill_policy(stage),
        # Of an output Dagster makes events with one version for all partitions of a run.
        output_required=not stage.partitions,
        group_name=stage.group,
        kinds=set(stage.kinds),
        metadata=columns_of(stage),
        description=stage.description,
        owners=[OWNER],
        pool=stage.pool,
        automation_condition=condition_for(stage),
    )
    def asset(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult | dg.AssetMaterialization]:
        if not stage.partitions:
            made_from = _raw_files_as_of_now(context.instance, stage, settings)
            produced = _make(context, stage, graph, settings, None)
            version, about = dg.DataVersion(produced.version), metadata_of(produced)
            yield dg.MaterializeResult(data_version=version, metadata=about, tags=made_from)
            return
        if not context.has_partition_key and not context.has_partition_key_range:
            raise dg.Failure(
                f"{stage.key} is made by partition: choose one or more of {stage.dimension}"
            )
        yield from _each(context, stage, lambda key: _make(context, stage, graph, settings, key))

    return asset


def _raw_files_as_of_now(
    instance: dg.DagsterInstance, stage: Stage, settings: Settings
) -> dict[str, str]:
    """Tags that say which raw files samples are made from, once Dagster has been told of them."""
    for needs in stage.needs:
        if needs.key.startswith(RAW):
            with suppress(SourceMissing):  # then nothing is made
                found = observe(Workspace(settings), get_dataset(needs.key.removeprefix(RAW)))
                record_observation(instance, needs.key, found)
    return source_tags(instance, stage)


def _make(
    context: dg.AssetExecutionContext,
    stage: Stage,
    graph: Graph,
    settings: Settings,
    key: str | None,
) -> Produced:
    progress = reporter(context.log.info, key or "table")
    workspace = Workspace(settings, progress)
    begin = time.monotonic()
    place = f"{stage.key}[{key}]" if key else stage.key
    about: dict[str, object] = {"asset": stage.key, "partition": key}
    try:
        produced = make(stage, key, graph, workspace)
    except Exception as error:
        log.error("%s: %s", place, error, extra=about)
        raise
    seconds = time.monotonic() - begin
    folder = workspace.lake.folder(stage.key, **({stage.dimension: key} if key else {}))
    n_bytes = sum(workspace.lake.storage.sizes(folder).values())
    costs = costs_of(produced.figures, folder, n_bytes, seconds)
    produced = replace(produced, figures={**produced.figures, **costs})
    log.info("%s: %s", place, produced.summary, extra=about | {"figures": dict(produced.figures)})
    return produced


def _each(
    context: dg.AssetExecutionContext,
    stage: Stage,
    make_one: Callable[[str], Produced],
) -> Iterator[dg.AssetMaterialization]:
    """An event for every partition as soon as it is made; those that fail stop no others.

    Raises dg.Failure at the end where some have failed, and what a single one raises.
    """
    keys, failed = list(context.partition_keys), dict[str, list[str]]()
    for key in keys:
        made_from = provenance_tags(context.instance, stage, key)
        try:
            produced = make_one(key)
        except Exception as error:
            if len(keys) == 1:
                raise
            context.log.exception(f"{stage.key} {key} could not be made")
            failed.setdefault(str(error), []).append(key)
            continue
        yield dg.AssetMaterialization(
            context.asset_key,
            partition=key,
            metadata=metadata_of(produced),
            tags={**made_from, DATA_VERSION: produced.version},
        )
    if failed:
        n_failed = sum(map(len, failed.values()))
        reasons = "; ".join(f"{', '.join(some)}: {why}" for why, some in failed.items())
        raise dg.Failure(
            f"{n_failed} of {len(keys)} partitions could not be made, the others were. {reasons}"
        )


def _backfill_policy(stage: Stage) -> dg.BackfillPolicy | None:
    """One run for all partitions, since a run takes seconds to start.

    Work that waits for a slot is heavy, so that each partition has a run: one that fails or is
    killed is repeated alone.
    """
    if not stage.partitions:
        return None
    return dg.BackfillPolicy.multi_run(1) if stage.pool else dg.BackfillPolicy.single_run()


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
