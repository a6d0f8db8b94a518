import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { inherited } from "./command.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A GitHub made by the `emulate` package, with the private repository acme/app. */
export interface GithubEmulator {
	readonly url: string;

	/** Of a user who may write. */
	readonly token: string;

	/** An App that is installed on acme and may read contents. */
	readonly app: { readonly id: string; readonly installationId: string; readonly privateKey: string };

	/** Commits a file, to the default branch unless told otherwise. */
	push(path: string, bytes: Uint8Array, branch?: string): Promise<void>;

	/** Makes a branch that starts where the default one is. */
	branch(name: string): Promise<void>;
}

const program = fileURLToPath(import.meta.resolve("emulate/cli"));

/** Starts the emulator for the running test. */
export async function startGithubEmulator(): Promise<GithubEmulator> {
	const token = "ghp_emulated-not-for-any-log";
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const app = {
		id: "12345",
		installationId: "100",
		privateKey: String(privateKey.export({ type: "pkcs1", format: "pem" })),
	};
	const seed = join(temporaryFolder(), "seed.json");
	writeFileSync(seed, JSON.stringify(seedOf(token, app.privateKey)));
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	const child = spawn(
		process.execPath,
		[program, "start", "-s", "github", "-p", String(port), "--seed", seed],
		{
			stdio: "ignore",
			env: inherited(),
		},
	);
	const ended = once(child, "exit");
	onTestFinished(async () => {
		child.kill("SIGKILL");
		await ended;
	});
	await eventually("the emulator", async () => (await fetch(url).catch(() => undefined)) !== undefined);
	return {
		url,
		token,
		app,
		push: (path, bytes, branch) => push(url, token, path, bytes, branch),
		branch: async (name) => {
			const head = await call(url, token, "GET", "/repos/acme/app/git/ref/heads/main");
			const { sha } = Object(head).object;
			await call(url, token, "POST", "/repos/acme/app/git/refs", { ref: `refs/heads/${name}`, sha });
		},
	};
}

async function push(
	url: string,
	token: string,
	path: string,
	bytes: Uint8Array,
	branch = "main",
): Promise<void> {
	const at = `/repos/acme/app/contents/${path}`;
	const held = await call(url, token, "GET", `${at}?ref=${branch}`).catch(() => undefined);
	const content = Buffer.from(bytes).toString("base64");
	await call(url, token, "PUT", at, { message: "Pack", content, branch, ...(held ? { sha: held.sha } : {}) });
}

async function call(
	url: string,
	token: string,
	method: string,
	path: string,
	body?: object,
): Promise<Record<string, unknown>> {
	const response = await fetch(url + path, {
		method,
		// A connection kept for the next call may be one that the server is just closing.
		headers: { authorization: `Bearer ${token}`, connection: "close" },
		...(body && { body: JSON.stringify(body) }),
	});
	if (!response.ok) throw new RangeError(`${method} ${path} answered ${response.status}`);
	return Object(await response.json());
}

function seedOf(token: string, private_key: string): object {
	const installations = [{ installation_id: 100, account: "acme", repository_selection: "all" }];
	return {
		tokens: { [token]: { login: "octo", scopes: ["repo"] } },
		github: {
			users: [{ login: "octo" }],
			orgs: [{ login: "acme", members: [{ login: "octo", role: "admin" }] }],
			repos: [{ owner: "acme", name: "app", private: true }],
			apps: [
				{
					app_id: 12345,
					slug: "clef-agent",
					name: "clef-agent",
					private_key,
					permissions: { contents: "read", metadata: "read" },
					installations,
				},
			],
		},
	};
}
