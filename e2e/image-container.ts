import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { chown } from "node:fs/promises";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, onTestFinished } from "vitest";
import type { Ended } from "./command.js";
import { runProgram } from "./command.js";
import { eventually } from "./eventually.js";
import { podman } from "./image-stage.js";
import { temporaryFolder } from "./temporary-folder.js";

/** The user that the image runs as. */
export const USER = 65532;

/** Where the container finds what the tests mount. */
const MOUNTED = { data: "/data", keys: "/keys", token: "/run/clef-agent" };

/** Requests the paths that come as arguments, and prints status and body of each as JSON. */
const CLIENT = `
const [token, ...paths] = process.argv.slice(1);
const answers = [];
for (const path of paths) {
	const response = await fetch("http://127.0.0.1:7779" + path, { headers: { authorization: "Bearer " + token } });
	answers.push({ status: response.status, body: await response.json() });
}
console.log(JSON.stringify(answers));`;

/** How a container is started. */
export interface RunOptions {
	readonly memory?: string;
	/** More options for `podman run`. */
	readonly options?: readonly string[];
}

/** A container of the image as the documentation starts it: no network, nothing to write to, no capabilities. */
export class Container {
	readonly id: string;
	readonly #pid: number;
	readonly #folder: string;

	private constructor(id: string, pid: number, folder: string) {
		this.id = id;
		this.#pid = pid;
		this.#folder = folder;
	}

	/** Starts one that serves these secrets from a mounted file. */
	static async start(
		image: string,
		secrets: unknown,
		{ memory = "128m", options = [] }: RunOptions = {},
	): Promise<Container> {
		const folder = temporaryFolder();
		for (const name of ["data", "keys"]) mkdirSync(join(folder, name));
		await rotate(folder, { secrets });
		const key = join(folder, "keys", "age.key");
		writeFileSync(key, vectorKeys.ageSecretKey, { mode: 0o400 });
		await chown(key, USER, USER);
		const started = await podman(
			"run",
			"--detach",
			...limits(memory),
			...mounts(folder),
			...settings(),
			...options,
			image,
		);
		expect(started, started.stderr).toMatchObject({ status: 0 });
		const id = started.stdout.trim();
		onTestFinished(async () => {
			await podman("rm", "--force", "--time", "0", id);
		});
		const pid = Number((await podman("inspect", "--format", "{{.State.Pid}}", id)).stdout);
		return new Container(id, pid, folder);
	}

	/** Starts one and waits until it serves. */
	static async ready(...args: Parameters<typeof Container.start>): Promise<Container> {
		const container = await Container.start(...args);
		await eventually("ready", async () => (await container.get("/v1/ready"))?.status === 200);
		return container;
	}

	/** The first answer to each path, asked from within the container's network; nothing while nobody listens. */
	async getAll(...paths: readonly string[]): Promise<{ status: number; body: unknown }[] | undefined> {
		// A token may begin with a hyphen.
		const client = [process.execPath, "--input-type=module", "--eval", CLIENT, "--", this.token, ...paths];
		const ended = await runProgram("nsenter", ["--target", String(this.#pid), "--net", ...client]);
		if (ended.status === 0) return JSON.parse(ended.stdout);
		expect(ended.stderr).toContain("ECONNREFUSED");
		return undefined;
	}

	/** The answer to one path. */
	async get(path: string): Promise<{ status: number; body: unknown } | undefined> {
		return (await this.getAll(path))?.[0];
	}

	/** The token that the agent has written into its tmpfs; a word that is no token before. */
	get token(): string {
		try {
			return readFileSync(`/proc/${this.#pid}/root${MOUNTED.token}/token`, "utf8");
		} catch (error) {
			if (error instanceof Error && "code" in error && error.code === "ENOENT") return "none";
			throw error;
		}
	}

	/** A file that the kernel keeps on the container's first process. */
	proc(name: "status" | "mountinfo"): string {
		return readFileSync(`/proc/${this.#pid}/${name}`, "utf8");
	}

	/** Puts another artifact into the place of the one that is served, by renaming. */
	rotate(artifact: Artifact): Promise<void> {
		return rotate(this.#folder, artifact);
	}

	/** Runs the command a second time in the container, as a probe does. */
	exec(...args: readonly string[]): Promise<Ended> {
		return podman("exec", this.id, "/clef-agent", ...args);
	}

	/** Asks podman about its state. */
	async state(): Promise<{ Status: string; ExitCode: number; OOMKilled: boolean }> {
		return JSON.parse((await podman("inspect", "--format", "{{json .State}}", this.id)).stdout);
	}

	/** What the agent has logged. */
	async log(): Promise<string> {
		const { stdout, stderr } = await podman("logs", this.id);
		return stdout + stderr;
	}
}

/** What a rotation puts in place: sealed secrets, or any text. */
type Artifact = { readonly secrets: unknown } | { readonly text: string };

async function rotate(folder: string, artifact: Artifact): Promise<void> {
	const bytes =
		"text" in artifact
			? artifact.text
			: await sealArtifact({
					secrets: artifact.secrets,
					packedAt: new Date().toISOString(),
					revision: revision(),
				});
	writeFileSync(join(folder, "data", "next"), bytes, { mode: 0o444 });
	renameSync(join(folder, "data", "next"), join(folder, "data", "api.age.json"));
}

function revision(): string {
	return `r${process.hrtime.bigint()}`;
}

function limits(memory: string): string[] {
	const none = ["--network", "none", "--read-only", "--read-only-tmpfs=false", "--cap-drop=all"];
	return [...none, "--security-opt", "no-new-privileges", "--memory", memory, "--memory-swap", memory];
}

function mounts(folder: string): string[] {
	return [
		...["--volume", `${join(folder, "data")}:${MOUNTED.data}:ro`],
		...["--volume", `${join(folder, "keys")}:${MOUNTED.keys}:ro`],
		...["--tmpfs", `${MOUNTED.token}:size=64k,mode=1777`],
	];
}

function settings(): string[] {
	const values = {
		CLEF_AGENT_SOURCE: `${MOUNTED.data}/api.age.json`,
		CLEF_AGENT_AGE_KEY_FILE: `${MOUNTED.keys}/age.key`,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		CLEF_AGENT_TOKEN_FILE: `${MOUNTED.token}/token`,
	};
	return Object.entries(values).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
}
