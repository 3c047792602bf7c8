"""Which plugins of ours every test can count on, from whatever folder pytest is started."""

pytest_plugins = ["tests.marks", "tests.programs", "tests.snapshots", "tests.servers.fixtures", "tests.databases"]
