// What a user of the container image takes and waits for: its size beside Node.js alone, and how long after `podman run`
// it is ready, beside the floor in a container of the same image.

import { spawnSync } from "node:child_process";
import { chownSync, existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
// @boundaries-ignore podman is called in one way everywhere
import { podmanIn } from "../../scripts/image/podman.js";
import { packedIn } from "./packed.js";
import { byTurns } from "./rounds.js";
import { withServer } from "./server.js";
import { agentOn, builds, ETAG, floorFor } from "./variants.js";

/** @typedef {import("./server.js").Variant} Variant */

const STARTS_PER_ROUND = 3;
const MB = 1_000_000;
/** Whom the image runs as. */
const USER = 65532;
const archive = fileURLToPath(new URL("../../dist/image/clef-agent-linux-x64.tar", import.meta.url));
const floorScript = fileURLToPath(new URL("../floor.js", import.meta.url));

/** The part of the benchmark about the container image; left out without podman and a built image. @type {import("./parts.js").Part} */
export async function image({ folder, rounds }) {
	const build = builds().builds.find(({ name }) => name === "binary");
	if (build === undefined) return { figures: [], missing: builds().missing };
	const obstacle = findObstacle();
	if (obstacle !== undefined) return { figures: [], missing: [`the container image (${obstacle})`] };
	const podman = podmanIn(folder);
	const env = { PATH: process.env.PATH ?? "", ...podman.environment };
	const load = [...podman.options, "load", "--quiet", "--input", archive];
	const { stdout, stderr } = spawnSync("podman", load, { encoding: "utf8", env });
	const loaded = /Loaded image: (\S+)/.exec(stdout)?.[1];
	if (loaded === undefined)
		return { figures: [], missing: [`the container image (podman: ${stderr.trim()})`] };
	const packed = packedIn(folder, 20);
	for (const file of [packed.artifact, packed.identity]) chownSync(file, USER, USER);
	const into = (/** @type {Variant} */ variant, /** @type {readonly string[]} */ options) =>
		contained(variant, [...podman.options, "run", "--rm", ...options, loaded], env);
	const mounts = ["--volume", `${dirname(packed.artifact)}:${dirname(packed.artifact)}:ro`];
	const agent = into(agentOn({ ...build, command: [] }, packed), [...LIMITS, ...mounts]);
	const tools = [build.node, floorScript].flatMap((path) => ["--volume", `${path}:${path}:ro`]);
	const floor = into(floorFor(build, packed.body, ETAG), [...LIMITS, ...mounts, ...tools, "--entrypoint="]);
	const startMs = (/** @type {Variant} */ variant) => withServer(variant, (server) => server.startMs);
	await startMs(agent);
	const times = await byTurns(rounds * STARTS_PER_ROUND, {
		agent: () => startMs(agent),
		floor: () => startMs(floor),
		again: () => startMs(floor),
	});
	const reference = `bare floor on Node ${build.nodeVersion}, in the same image`;
	const shared = {
		what: "podman run to first 200, a file and an age key",
		measure: "time",
		unit: "ms",
		reference,
	};
	return {
		figures: [
			sizeFigure(build),
			{ ...shared, subject: "bare floor, again", values: { subject: times.again, reference: times.floor } },
			{ ...shared, subject: "container image", values: { subject: times.agent, reference: times.floor } },
		],
		missing: [],
	};
}

/** As the documentation starts it, but that it is asked from outside, and that the floor ends at SIGTERM as well. */
const LIMITS = ["--network", "host", "--pid", "host", "--read-only", "--cap-drop=all", "--memory", "128m"];

/** @param {import("./variants.js").Build} build @returns {import("./figures.js").Figure} */
function sizeFigure({ node, nodeVersion }) {
	return {
		what: "container image, compressed",
		...{ measure: "size", unit: "MB", subject: "container image" },
		reference: `Node ${nodeVersion} alone, compressed`,
		values: {
			subject: [statSync(archive).size / MB],
			reference: [gzipSync(readFileSync(node)).length / MB],
		},
	};
}

/** @returns {string | undefined} */
function findObstacle() {
	if (!existsSync(archive)) return "no dist/image/clef-agent-linux-x64.tar; `npm run build:image` makes it";
	if (process.getuid?.() !== 0) return "podman is run as root here";
	for (const program of ["podman", "runc"])
		if (spawnSync(program, ["--version"]).status !== 0) return `${program} is not installed`;
	return undefined;
}

/**
 * A variant inside a container; its environment is named on podman's command line, which holds nothing secret here.
 * @param {Variant} variant
 * @param {readonly string[]} run
 * @param {Record<string, string>} env
 * @returns {Variant}
 */
function contained(variant, run, env) {
	return {
		...variant,
		program: (port) => {
			const { command, args, env: inside = {} } = variant.program(port);
			const settings = Object.entries(inside).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
			const [before, image] = [run.slice(0, -1), run.slice(-1)];
			const program = command === "" ? [] : [command];
			return { command: "podman", args: [...before, ...settings, ...image, ...program, ...args], env };
		},
	};
}
