"""What the lake and the raw folder hold now, asked for once per asset and partition."""

from dataclasses import dataclass, field

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.raw_files import SourceMissing
from emotion_pipeline.digests import combined
from emotion_pipeline.lake.receipts import Receipt
from emotion_pipeline.stages.base import Needs, Produced, Stage, Workspace
from emotion_pipeline.stages.sources import Observation, observe

RAW = "raw/"


@dataclass
class LakeState:
    """Versions of sources and assets, remembered until `forget` is called.

    What is missing counts as what its receipt says: it will be made again, and mostly comes out the
    same.
    """

    graph: dict[str, Stage]
    workspace: Workspace
    absences: dict[str, str] = field(default_factory=dict)
    """Why assets cannot be made for want of raw files, as far as that was worked out."""
    _versions: dict[tuple[str, str | None], str | None] = field(default_factory=dict)
    _sources: dict[str, Observation | SourceMissing] = field(default_factory=dict)

    def source(self, key: str) -> Observation | SourceMissing:
        """What was observed of a raw source, or why there is nothing to observe."""
        if key not in self._sources:
            try:
                self._sources[key] = observe(self.workspace, get_dataset(key.removeprefix(RAW)))
            except SourceMissing as missing:
                self._sources[key] = missing
        return self._sources[key]

    def version(self, key: str, partition: str | None = None) -> str | None:
        """Digest of what is there now; None where it is missing or not whole."""
        if key.startswith(RAW):
            found = self.source(key)
            return found.version if isinstance(found, Observation) else None
        if (key, partition) not in self._versions:
            self._versions[key, partition] = self.graph[key].version(self.workspace, partition)
        return self._versions[key, partition]

    def forget(self, key: str, partition: str | None = None) -> None:
        """Ask again next time: it has just been made."""
        self._versions.pop((key, partition), None)

    def inputs(self, stage: Stage, partition: str | None) -> dict[str, str]:
        """A digest per need of one partition of a stage, without whole assets that are missing."""
        found = {needs.key: self._version_of(needs, partition) for needs in stage.needs}
        return {key: version for key, version in found.items() if version}

    def _version_of(self, needs: Needs, partition: str | None) -> str:
        upstream = self.graph.get(needs.key)
        if upstream is None or not upstream.partitions:
            return self._present_or_last(needs.key, None) or ""
        names = needs.partitions_for(partition, upstream.partitions)
        versions = [(name, self._present_or_last(needs.key, name)) for name in names]
        return combined(f"{name} {version}" for name, version in versions) if versions else ""

    def _present_or_last(self, key: str, partition: str | None) -> str | None:
        version = self.version(key, partition)
        receipt = None if version else self.workspace.lake.receipts.read(key, partition)
        return receipt.version if receipt is not None else version


def make(
    stage: Stage, partition: str | None, graph: dict[str, Stage], workspace: Workspace
) -> Produced:
    """Make one partition and note from what; a change of the inputs meanwhile is seen later."""
    inputs = LakeState(graph, workspace).inputs(stage, partition)
    produced = stage.make(workspace, partition)
    receipt = Receipt(produced.version, stage.code, inputs)
    workspace.lake.receipts.write(stage.key, partition, receipt)
    return produced
