// How buildah and podman are called so that nothing of theirs stays on the machine.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The options of buildah and podman with which images and containers are kept in a folder, and go away with it.
 * @param {string} folder
 * @returns {readonly string[]}
 */
export function storageIn(folder) {
	return ["--root", join(folder, "storage"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
}

/**
 * podman with such a storage, and with limits that a machine inside another grants; runc has to be there.
 * @param {string} folder where its configuration is written, too
 * @returns {{ options: readonly string[], environment: { CONTAINERS_CONF: string } }} options: before the command
 */
export function podmanIn(folder) {
	const configuration = join(folder, "containers.conf");
	writeFileSync(
		configuration,
		[
			"[containers]",
			'default_ulimits = ["nofile=1024:20000", "nproc=1024:2048"]',
			"[engine]",
			'cgroup_manager = "cgroupfs"',
			'events_logger = "none"\n',
		].join("\n"),
	);
	return {
		options: [...storageIn(folder), "--runtime", "runc"],
		environment: { CONTAINERS_CONF: configuration },
	};
}
