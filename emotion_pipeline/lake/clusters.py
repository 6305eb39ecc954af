"""Buckets on the workers of a Ray or Dask cluster; imported only where a setting names one.

The clusters are asked directly and not through joblib: its Ray backend tells nothing before the
last bucket is done, its Dask backend waits for ever for a bucket whose worker died. What a worker
that died had to do is given to another one, by the clusters' own rules.
"""

import importlib
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TypeVar
from urllib.parse import urlsplit

Result = TypeVar("Result")

ANSWERS_WITHIN_S = 5.0
WORKERS_WITHIN_S = 60.0
"""A scheduler that starts workers on demand gets so long."""


def map_on(
    address: str, workers: int, function: Callable[[int], Result], items: Sequence[int]
) -> Iterator[Result]:
    """Results as they are finished; `workers` counts only where a Ray is started here.

    Raises ConnectionError where nobody answers at the address, ModuleNotFoundError where the
    package of the cluster is not installed.
    """
    if address.startswith("dask"):
        return _map_on_dask(address, function, items)
    return _map_on_ray(address, workers, function, items)


def _map_on_dask(
    address: str, function: Callable[[int], Result], items: Sequence[int]
) -> Iterator[Result]:
    distributed = _package("distributed", extra="dask")
    _must_listen(address)
    try:
        client = distributed.Client(
            f"tcp://{urlsplit(address).netloc}", timeout=ANSWERS_WITHIN_S, set_as_default=False
        )
    except OSError as error:
        raise ConnectionError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        futures = client.map(function, items, pure=False)
        try:
            client.wait_for_workers(1, timeout=WORKERS_WITHIN_S)
        except TimeoutError as error:
            raise ConnectionError(f"the Dask scheduler at {address} has no workers") from error
        for future in distributed.as_completed(futures, loop=client.loop):
            yield future.result()


def _map_on_ray(
    address: str, workers: int, function: Callable[[int], Result], items: Sequence[int]
) -> Iterator[Result]:
    ray = _package("ray", extra="ray")
    with _ray_session(ray, address, workers):
        shared = ray.put(function)
        call = ray.remote(_call)
        pending = [call.remote(shared, item) for item in items]
        try:
            while pending:
                done, pending = ray.wait(pending)
                yield from ray.get(done)
        finally:
            for task in pending:
                ray.cancel(task)


def _call(function: Callable[[int], Result], item: int) -> Result:
    return function(item)


@contextmanager
def _ray_session(ray: ModuleType, address: str, workers: int) -> Iterator[None]:
    """Connected to the address; without one to the Ray of this machine, or to a new one."""
    if ray.is_initialized():  # the caller's own, as in a job of the cluster
        yield
        return
    if address == "ray":
        try:
            ray.init("auto")
        except ConnectionError:
            ray.init("local", num_cpus=workers, include_dashboard=False)
    else:
        _must_listen(address)
        try:
            ray.init(address)
        except ConnectionError as error:
            raise ConnectionError(
                f"no Ray client server lets us in at {address}: {error}"
            ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _must_listen(address: str) -> None:
    """Say within seconds what the clients of the clusters would say after a minute."""
    place = urlsplit(address)
    try:
        socket.create_connection((place.hostname, place.port), ANSWERS_WITHIN_S).close()
    except OSError as error:
        raise ConnectionError(
            f"nobody answers at {address} ({error}); is the cluster running, and is that the "
            "address that EMOTION_PIPELINE_ENGINE should name?"
        ) from error


def _package(name: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the engine {extra} needs: pip install 'emotion-pipeline[{extra}]'", name=name
        ) from error
