"""`show | compare` as the device prints it, whole."""

import pytest
from lxml import etree

from haplan_srx.lab.config import setlines, tree
from haplan_srx.lab.config.compare import compare

POLICY = "security policies from-zone a to-zone b"
BASE = f"""
set system host-name left
set system services ssh
set chassis cluster redundancy-group 1 node 0 priority 200
set security address-book global address one 10.1.0.0/16
set security zones security-zone a interfaces ge-0/0/5.0
set interfaces ge-0/0/5 unit 0 family inet address 192.0.2.1/24
set interfaces ge-0/0/6 mtu 9000
set routing-options static route 0.0.0.0/0 next-hop 192.0.2.9
set {POLICY} policy p1 then permit
set {POLICY} policy p2 then permit
set {POLICY} policy p3 then permit
"""
CASES = {
    "a value": ("set system host-name right", """
[edit system]
-  host-name left;
+  host-name right;
"""),
    "a new hierarchy": ("set snmp location lab", """
[edit]
+  snmp {
+      location lab;
+  }
"""),
    "what is written on one line": ("set chassis cluster redundancy-group 1 node 0 priority 150", """
[edit chassis cluster redundancy-group 1]
-    node 0 priority 200;
+    node 0 priority 150;
"""),
    "several values": ("set routing-options static route 0.0.0.0/0 next-hop 192.0.2.8", """
[edit routing-options static]
-   route 0.0.0.0/0 next-hop 192.0.2.9;
+   route 0.0.0.0/0 next-hop [ 192.0.2.9 192.0.2.8 ];
"""),
    "entries that share braces": ("set security zones security-zone a interfaces ge-0/0/6.0", """
[edit security zones security-zone a interfaces]
      ge-0/0/5.0 { ... }
+     ge-0/0/6.0;
"""),
    "an entry of a book": ("set security address-book global address two 10.2.0.0/16", """
[edit security address-book global]
     address one { ... }
+    address two 10.2.0.0/16;
"""),
    "an interface": ("delete interfaces ge-0/0/6\nset interfaces ge-0/0/7 unit 0", """
[edit interfaces]
-   ge-0/0/6 {
-       mtu 9000;
-   }
+   ge-0/0/7 {
+       unit 0;
+   }
"""),
    "deep below": ("set interfaces ge-0/0/5 unit 0 description wan", """
[edit interfaces ge-0/0/5 unit 0]
+     description wan;
"""),
    "what is deactivated": ("deactivate interfaces ge-0/0/6", """
[edit interfaces]
!   inactive: ge-0/0/6 { ... }
"""),
    "a policy between others": (f"set {POLICY} policy new then deny\ninsert {POLICY} policy new after policy p1", f"""
[edit {POLICY}]
     policy p1 {{ ... }}
+    policy new {{
+        then {{
+            deny;
+        }}
+    }}
"""),
    "a policy that moved": (f"insert {POLICY} policy p3 before policy p1", f"""
[edit {POLICY}]
!    policy p3 {{ ... }}
"""),
    "one branch for another": (f"set {POLICY} policy p2 then deny", f"""
[edit {POLICY} policy p2 then]
-      permit;
+      deny;
"""),
}  # fmt: skip


def config(lines: str) -> etree._Element:
    made = tree.empty()
    assert setlines.load(made, lines) == []
    return made


@pytest.mark.parametrize("name", CASES)
def test_a_difference_reads_as_on_the_box(name: str) -> None:
    lines, expected = CASES[name]
    assert compare(config(BASE), config(BASE + lines)) == expected.lstrip("\n")


def test_the_way_back_is_the_same_with_signs_turned() -> None:
    lines, expected = CASES["a value"]
    back = compare(config(BASE + lines), config(BASE))
    assert sorted(back.splitlines()) == sorted(
        line.replace("left", "…").replace("right", "left").replace("…", "right")
        for line in expected.strip().splitlines()
    )
