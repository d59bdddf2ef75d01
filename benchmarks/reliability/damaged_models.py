"""Damaged and hostile model files through `load_model`, and checkpoints through `load_checkpoint`.

A file may give the network that was saved, or the documented error. A network with other
weights than were saved is a loss: nobody would notice it. Each file is read in a process
that may not take more than some gigabytes, and its peak memory is noted.
"""

import io
import os
import pickle
import random
import struct
import subprocess
import tempfile
import zipfile
from collections import OrderedDict
from pathlib import Path

from benchmarks.reliability.cases import counts, failures_of, measured, try_all
from benchmarks.reliability.small import bits, small_run
from benchmarks.report import pivot
from benchmarks.timing import say

FLIPS, TRUNCATIONS = 1_000, 500
LARGEST_MEGABYTES = 100
CLAIM = 10 * 10**9
"""Bytes that a hostile file says it needs."""

ALLOWED = ("refused", "the same")

_MEMORY_LIMIT = 4 * 2**30


def measure(settings):
    """Write the files, let another process read them, and count what came out."""
    amounts = settings.size((FLIPS, TRUNCATIONS), (60, 30, 2 * 10**8))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        marker = folder / "code has run"
        names = write_cases(folder, marker, settings.seed, *amounts)
        say(f"  {len(names):,} files")
        outcomes = try_all(names, reader, (str(folder),))
        return {**summary(outcomes, len(names)), "code_ran": marker.exists()}


# --- files ------------------------------------------------------------------------------


def write_cases(folder, marker, seed, flips, truncations, zeros=CLAIM // 10):
    """Write every case as ``number kind.pth``; return the names."""
    rng = random.Random(seed)
    model, checkpoint = whole_files()
    (folder / "whole model").write_bytes(model)
    (folder / "whole checkpoint").write_bytes(checkpoint)
    cases = []
    for what, whole in (("model", model), ("checkpoint", checkpoint)):
        cases += [(f"{what}, one bit flipped", flipped(rng, whole)) for _ in range(flips)]
        ends = [*range(0, 200, 7), *range(len(whole) - 100, len(whole), 3)]
        ends += [rng.randrange(len(whole)) for _ in range(max(0, truncations - len(ends)))]
        cases += [(f"{what}, cut short", whole[:end]) for end in ends[:truncations]]
        cases += [(f"{what} that would run code", content) for content in attacks(whole, marker)]
        cases += [(f"{what} that claims 10 GB", content) for content in claims(whole, zeros)]
    cases += [("model of another network or kind", content) for content in foreign_models()]
    names = [f"{number:05} {kind}.pth" for number, (kind, _) in enumerate(cases)]
    for name, (_, content) in zip(names, cases, strict=True):
        (folder / name).write_bytes(content)
    return names


def whole_files():
    """A model file and a checkpoint, as the course writes them."""
    from lenet_helpers import LeNet, save_model
    from lenet_helpers.fitting.checkpoints import save_checkpoint

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        save_model(LeNet(seed=1), path)
        model = path.read_bytes()
        run = small_run()
        next(iter(run))
        save_checkpoint(run, path)
        return model, path.read_bytes()


def flipped(rng, whole):
    content = bytearray(whole)
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


class _Call:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def attacks(whole, marker):
    """Files whose unpickling would make a file appear at `marker`, if it were allowed to."""
    import torch

    touch = f"open({str(marker)!r}, 'w').close()"
    calls = [
        _Call(exec, touch),
        _Call(eval, touch),
        _Call(os.system, f"touch '{marker}'"),
        _Call(os.mkdir, str(marker)),
        _Call(open, str(marker), "w"),
        _Call(subprocess.check_call, ["touch", str(marker)]),
        _Call(Path.touch, Path(marker)),
        _Call(getattr, _Call(__import__, "os"), "mkdir"),
        _Call(torch.load, str(marker)),
        _Call(torch.save, {}, str(marker)),
    ]
    for call in calls:
        weights = OrderedDict([("conv1.weight", call)])
        for protocol in (2, 4):
            program = pickle.dumps(weights, protocol)
            yield program
            yield with_record(whole, "data.pkl", program)
            yield _legacy(weights, protocol)
    yield b"cos\nmkdir\n(S'" + os.fsencode(marker) + b"'\ntR."  # protocol 0, by hand
    yield b"(S'" + os.fsencode(marker) + b"'\nios\nmkdir\n."  # the same with the opcode INST


def _legacy(content, protocol):
    """The format of torch before 1.6: pickles one after the other."""
    from torch.serialization import MAGIC_NUMBER, PROTOCOL_VERSION

    head = [MAGIC_NUMBER, PROTOCOL_VERSION, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}]
    return b"".join(pickle.dumps(part, 2) for part in head) + pickle.dumps(content, protocol) + pickle.dumps([], 2)


def with_record(whole, name, content, method=zipfile.ZIP_STORED):
    """The same archive with another content for one record; right checksums, also with an iterator of pieces."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(result, "w", method, compresslevel=1) as new:
        for record in old.infolist():
            with new.open(record.filename, "w", force_zip64=True) as target:
                if not record.filename.endswith(f"/{name}"):
                    target.write(old.read(record))
                    continue
                for piece in [content] if isinstance(content, bytes) else content:
                    target.write(piece)
    return result.getvalue()


def claims(whole, zeros):
    """Files that say they need 10 GB; those whose records are nothing but zeros, well packed, stop at so many bytes."""
    import torch

    for name in ("data/0", "data.pkl"):
        pieces = (bytes(10**7) for _ in range(zeros // 10**7))
        yield with_record(whole, name, pieces, zipfile.ZIP_DEFLATED)
    for call in (_Call(bytearray, CLAIM), _Call(torch.Size, [CLAIM]), _Call(bytearray, b"")):
        yield with_record(whole, "data.pkl", pickle.dumps(OrderedDict([("conv1.weight", call)]), 2))
        yield _legacy(OrderedDict([("conv1.weight", call)]), 2)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        program = archive.read(name)
    # 150 weights of the first layer become 2.5 thousand millions, in the storage, the tensor, or both.
    many = b"\x8a\x05" + struct.pack("<q", CLAIM // 4)[:5]  # LONG1
    for places in ([0], [1], [0, 1]):
        changed, at = program, 0
        for place in range(2):
            at = changed.find(b"K\x96", at)  # BININT1 150: numel of the storage
            if at < 0:
                break
            if place in places:
                changed = changed[:at] + many + changed[at + 2 :]
            at += len(many)
        yield with_record(whole, "data.pkl", changed)
    huge = torch.zeros(1).expand(CLAIM // 4)  # one number, seen ten thousand million bytes wide
    content = io.BytesIO()
    torch.save(OrderedDict([("conv1.weight", huge)]), content)
    yield content.getvalue()
    # A text or a list that is longer than the file.
    yield b"\x80\x04\x8d" + struct.pack("<Q", CLAIM)
    yield b"\x80\x04\x96" + struct.pack("<Q", CLAIM)
    yield b"\x80\x02]" + b"(" + b"K\0" * 3_000_000 + b"e."


def foreign_models():
    """Whole files that are no LeNet: other networks, types and numbers, and things that are no weights."""
    import torch

    from lenet_helpers import LeNet

    def weights(change):
        state = LeNet(seed=0).state_dict()
        change(state)
        return state

    def convert(dtype):
        return lambda state: state.update({name: value.to(dtype) for name, value in state.items()})

    def put(value):
        def change(state):
            next(iter(state.values())).view(-1)[0] = value

        return change

    def first(value):
        return lambda state: state.update({next(iter(state)): value})

    states = [weights(convert(dtype)) for dtype in (torch.int64, torch.complex64)]  # other floats are read
    states += [weights(put(value)) for value in (float("nan"), float("inf"), -float("inf"))]
    states += [
        weights(first(value))
        for value in (None, 1.0, "text", torch.zeros(1), torch.zeros(0), torch.zeros(6, 1, 5, 5).to_sparse(), [1])
    ]
    states += [weights(lambda state: state.popitem()), weights(lambda state: state.update({"more": torch.zeros(1)}))]
    states += [weights(lambda state: state.update({3: torch.zeros(1)})), {}, [], None, 7, "text", torch.zeros(3)]
    states += [torch.nn.Linear(3, 3).state_dict(), torch.nn.Conv2d(1, 6, 5).state_dict(), {"model": 1}]
    states += [weights(first(torch.zeros(6, 1, 5, 5, device="meta")))]
    for state in states:
        for zipped in (True, False):
            content = io.BytesIO()
            try:
                torch.save(state, content, _use_new_zipfile_serialization=zipped)
            except Exception:  # torch itself won't write this one in that format
                continue
            yield content.getvalue()
    whole = io.BytesIO()
    torch.save(LeNet(seed=0), whole)  # the whole module, as old tutorials save it
    yield whole.getvalue()
    yield from (b"", b"\0", b"PK\3\4", b"PK\5\6" + bytes(18), b"<html>sign in</html>", b"\x89PNG\r\n\x1a\n", b"\x80\2.")
    yield b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"  # what git leaves without LFS


# --- reading ----------------------------------------------------------------------------


def reader(folder):
    """Return a function that reads the file of a name, in a process that may not take some gigabytes."""
    from lenet_helpers import ModelError, load_model
    from lenet_helpers.fitting.checkpoints import CheckpointError, load_checkpoint

    _limit_memory()

    def model_bits(path):
        return bits(load_model(path).state_dict())

    def checkpoint_bits(path):
        run = small_run()
        load_checkpoint(run, path)
        return bits(run.state_dict())

    ways = {"model": model_bits, "checkpoint": checkpoint_bits}
    wholes = {what: read(Path(folder) / f"whole {what}") for what, read in ways.items()}

    def attempt(name):
        kind = kind_of(name)
        what = "model" if kind.startswith("model") else "checkpoint"

        def read_it():
            try:
                same = ways[what](Path(folder) / name) == wholes[what]
            except (ModelError, CheckpointError) as error:
                return ("refused" if name in str(error) else "other error"), str(error)[:300]
            if same and "flipped" not in kind:
                return "other error", "was accepted"
            return ("the same" if same else "other numbers"), ""

        return measured(read_it)

    return attempt


def kind_of(name):
    """What was done to the file of a name."""
    return name.split(" ", 1)[1].removesuffix(".pth")


def _limit_memory():
    """Where the system can, bound what a hostile file may take from others."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_LIMIT, _MEMORY_LIMIT))


def summary(outcomes, count):
    """Count, and find what must not be."""
    return {
        "files": len(outcomes),
        "rows": counts(outcomes, lambda one: kind_of(one["case"])),
        "megabytes": max((one["megabytes"] for one in outcomes if one.get("megabytes") is not None), default=None),
        "failures": failures_of(outcomes, count, lambda one: one["case"], ALLOWED, float("inf"), LARGEST_MEGABYTES),
    }


def show(result):
    titles = {
        "refused": "refused",
        "the same": "the saved numbers",
        "other numbers": "other numbers",
        "other error": "other error",
        "crash": "crash or hang",
    }
    memory = f"{result['megabytes']:.0f} MB" if result["megabytes"] is not None else "not measured on this system"
    ran = "**Code ran.**" if result["code_ran"] else "None of the files that would run code did."
    return f"""
{result["files"]:,} files through `load_model` and `load_checkpoint`. Allowed: what was saved, to the last bit, or the
documented error with the file's name. A flipped bit that changes nothing, such as one of a date inside the file, may
be read. Most memory for one file: {memory}. {ran}

{pivot("file", result["rows"], titles)}
"""
