"""The private package of one load: a stack and its neighbours, imported afresh under a name that no other load has.

The modules stand in `sys.modules` while the load lasts, because dataclasses, type hints and `importlib` look there.
Python's own machinery imports them. What finds them stands in `sys.path_importer_cache`, under keys that only this
package has; so no two loads see anything of each other, in whatever threads they are.
"""

import linecache
import sys
from importlib.abc import FileLoader, SourceLoader
from importlib.machinery import FileFinder, ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TextIO


class PrivatePackage:
    """Imports a stack for a ``with`` block.

    Threads: one, that which loads; those that a stack starts import in it too, and what they add is only added.

    Attributes:
        inputs: The files that were read.
    """

    def __init__(self, name: str, file: Path) -> None:
        self.inputs: set[Path] = set()
        self._name, self._file = name, file
        self._modules: list[str] = []
        self._folders: list[_Folder] = []

    def __enter__(self) -> "PrivatePackage":
        folder = self._file.parent
        for name, place in ((self._name, folder.parent), (self._inner, folder)):
            package = ModuleType(name)
            package.__path__ = [self.folder(place)]
            package.__package__ = name
            self._put(package)
        return self

    def __exit__(self, *exc: object) -> None:
        for folder in self._folders:
            sys.path_importer_cache.pop(folder, None)
        for name in self._modules:
            sys.modules.pop(name, None)
        for source in [
            name for name in list(linecache.cache) if f"{self._name}." in name
        ]:  # that attrs made for classes
            linecache.cache.pop(source, None)

    @property
    def _inner(self) -> str:
        folder = self._file.parent
        return f"{self._name}.{folder.name.replace('.', '_') or 'root'}"

    def import_stack(self) -> None:
        """Carry out the stack's file; found by its path: a file's name may hold what a module's cannot."""
        name = f"{self._inner}.{self._file.stem.replace('.', '_')}"
        spec = spec_from_file_location(name, self._file, loader=_Source(name, str(self._file)))
        assert spec is not None  # it has a loader
        assert spec.loader is not None
        module = module_from_spec(spec)
        self.inputs.add(self._file)
        self._put(module)
        spec.loader.exec_module(module)

    def _put(self, module: ModuleType) -> None:
        self._modules.append(module.__name__)
        sys.modules[module.__name__] = module

    def found(self, spec: ModuleSpec) -> None:
        """Note a module that is about to be imported."""
        self._modules.append(spec.name)
        if spec.origin and spec.loader:
            self.inputs.add(Path(spec.origin).resolve())

    def folder(self, place: str | Path) -> str:
        """A folder as an entry of ``__path__``, in which modules of this package are found."""
        folder = _Folder(place)
        self._folders.append(folder)
        sys.path_importer_cache[folder] = _Finder(str(place), self)
        return folder


class _Folder(str):
    """The path of a folder, as a key that equals nothing but itself."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other


class _Finder(FileFinder):
    """Finds modules in a folder, and those below it in the same way."""

    def __init__(self, place: str, package: PrivatePackage) -> None:
        super().__init__(place, (_Source, [".py"]))
        self._package = package

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = super().find_spec(fullname, target)
        if spec is not None:
            self._package.found(spec)
            below = spec.submodule_search_locations
            spec.submodule_search_locations = below and [self._package.folder(place) for place in below]
        return spec


class _Source(FileLoader, SourceLoader):  # type: ignore[misc]  # what typeshed says of the two differs in a detail
    """Compiles the source each time: byte code kept from an earlier second could be older than the file."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["print"] = _print
        super().exec_module(module)


def _print(*values: object, file: TextIO | None = None, **how: Any) -> None:
    """Python's own, on stderr unless told: stdout belongs to the results of whoever loads the stack."""
    print(*values, file=sys.stderr if file is None else file, **how)
