"""What a file inside another is, by its name and by its first bytes."""

import re

#: What runs, and what a browser would run.
RUNS = frozenset(
    """
    exe com bat cmd ps1 psm1 psd1 vbs vbe vb js jse mjs wsf wsh wsc sct hta msi msp mst msc msix appx scr pif cpl
    gadget jar class apk aab ipa xapk app dmg pkg deb rpm appimage sh bash zsh csh ksh command run bin elf so dylib dll
    sys drv ocx ax reg inf lnk url desktop scf library-ms application appref-ms settingcontent-ms xll wll php php3
    phtml phar asp aspx jsp cgi py pyc pyw pyz pl rb lua swf chm hlp html htm xhtml shtml mht mhtml svg svgz xml
    xsl xslt docm xlsm xlsb pptm dotm xltm potm ppsm sldm ppam xlam iso img vhd vhdx vmdk
    """.split()  # noqa: SIM905
)
ARCHIVES = frozenset(
    "zip zipx rar 7z tar gz tgz bz2 tbz2 xz txz zst lz lz4 lzma z cab arj lzh lha ace alz egg cpio".split()  # noqa: SIM905
)
OFFICE = ("docx", "xlsx", "pptx")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Office files, and new ones locked by a password
ZIP = b"PK\x03\x04"

_PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",  # Java classes, programs of macOS
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"dex\n",
    b"\0asm",
    b"L\0\0\0\x01\x14\x02\0",  # a shortcut of Windows
    b"ITSF",  # compiled help
    b"#!",
)
_PACKED = (
    ZIP,
    b"PK\x05\x06",
    b"PK\x07\x08",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"MSCF\0\0\0\0",
)
_MARKUP = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*)*"
    rb"<(?:\?xml|\?php|!doctype|html|head|body|script|svg|iframe|object|embed|meta|x:|%)",
    re.IGNORECASE | re.DOTALL,
)
_WIDE_BOM = (b"\xff\xfe", b"\xfe\xff")
#: Names of streams in old Office files; they stand there in UTF-16.
_MACROS = tuple(name.encode("utf-16-le") for name in ("_VBA_PROJECT", "VBA_PROJECT_CUR"))
_PACKAGE = "Ole10Native".encode("utf-16-le")
LONGEST_MARK = max(map(len, (*_MACROS, _PACKAGE)))


def is_program(head: bytes) -> bool:
    return head.startswith(_PROGRAMS)


def is_packed(head: bytes) -> bool:
    return head.startswith(_PACKED) or head[257:262] == b"ustar"


def is_markup(head: bytes) -> bool:
    """HTML, SVG, XML or a script for a web server, whatever its name."""
    if head.startswith(_WIDE_BOM):
        head = head[2:].replace(b"\0", b"")
    return _MARKUP.match(head) is not None


def has_macros(block: bytes) -> bool:
    """Asked of every block of an old Office file."""
    return any(name in block for name in _MACROS)


def has_package(block: bytes) -> bool:
    """Whether a file of any kind is embedded there."""
    return _PACKAGE in block
