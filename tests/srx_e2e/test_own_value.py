"""Each device is compared with what it has itself, where devices that share a resource differ."""

from tests.srx_e2e.world import World

ONE, OTHER = "02005e300c30", "02005e300d0a"
GROUP = "security ike proposal haplan dh-group"


def test_two_devices_that_drifted_each_its_own_way_are_mended_by_one_plan(example: World) -> None:
    assert example.apply().exit_code == 0
    example.by_hand(ONE, f"set {GROUP} group14")
    example.by_hand(OTHER, f"set {GROUP} group20")
    plan = example.plan()
    assert [change.address for change in plan.changes] == ["overlay.OrgOverlay"]
    assert example.apply(plan).exit_code == 0
    assert example.plan().empty()


def test_a_device_that_moved_since_the_plan_is_refused(example: World) -> None:
    assert example.apply().exit_code == 0
    example.by_hand(ONE, f"set {GROUP} group14")
    plan = example.plan()
    example.by_hand(ONE, f"set {GROUP} group20")
    result = example.apply(plan)
    assert result.exit_code == 5
    (failed,) = result.failed
    assert failed.text == "overlay.OrgOverlay: changed by pat on device:spoke1 since the plan; plan again"
    assert f"set {GROUP} group20" in example.lines(ONE)


def test_a_change_reaches_a_device_that_has_not_drifted_beside_one_that_has(example: World) -> None:
    assert example.apply().exit_code == 0
    example.by_hand(OTHER, "delete security policies from-zone spoke-guest to-zone wan0 policy public-dns then permit",
                    "set security policies from-zone spoke-guest to-zone wan0 policy public-dns then deny")  # fmt: skip
    shared = example.folder.parent / "modules" / "hub_spoke.py"
    shared.write_text(shared.read_text().replace('["udp/53", "tcp/53"]', '["udp/53", "tcp/53", "tcp/853"]'))
    shared.write_text(shared.read_text().replace('allow("public-dns", [spoke_lan, guest], public_dns',
                                                 'allow("public-dns", [guest], public_dns'))  # fmt: skip
    assert example.apply().exit_code == 0
    assert example.plan().empty()
