"""The list of components, as a CycloneDX document: what is in the library, in which version, under which licence."""

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

from linked import ROOT, crates, sqlite_version


def write(path, version, target):
    linked = crates(target)
    licences, sums = LicenseFactory(), checksums()
    library = Component(
        name="respaldo",
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref="respaldo",
        licenses=[licences.make_from_string("MIT OR Apache-2.0")],
    )
    bom = Bom()
    bom.serial_number = None
    bom.metadata.component = library
    bom.metadata.timestamp = None
    sqlite = Component(
        name="sqlite",
        version=sqlite_version(linked),
        type=ComponentType.LIBRARY,
        bom_ref="sqlite",
        licenses=[licences.make_from_string("blessing")],
    )
    parts = [sqlite] + [
        Component(
            name=package["name"],
            version=package["version"],
            type=ComponentType.LIBRARY,
            bom_ref=f"{package['name']} {package['version']}",
            purl=PackageURL("cargo", name=package["name"], version=package["version"]),
            licenses=[licences.make_from_string(package["license"])] if package["license"] else [],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sums[package["name"], package["version"]])],
            external_references=[ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(package["repository"]))]
            if package["repository"]
            else [],
        )
        for package in linked
    ]
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(library, parts)
    path.write_text(JsonV1Dot5(bom).output_as_string(indent=1) + "\n", encoding="utf-8")


def checksums():
    """The SHA-256 of each crate's archive, from Cargo.lock."""
    import tomllib

    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    return {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}
