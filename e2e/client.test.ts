import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
	type Change,
	type Client,
	type ClientClock,
	type ClientOptions,
	createClient,
} from "@clef-sh/client";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { runProgram } from "./command.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { snippetsFor } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";

const FIRST = { db: { URL: "one", USER: "u" } };
const SECOND = { db: { URL: "two", USER: "u" }, web: { KEY: "k" } };
const CHANGES = [
	{ revision: "r1", since: null, added: ["db__URL", "db__USER"], changed: [], removed: [] },
	{ revision: "r2", since: "r1", added: ["web__KEY"], changed: ["db__URL"], removed: [] },
];

/** Makes the least wait between two requests, which is 5 seconds without push, short enough to sit out. */
const fastClock: ClientClock = {
	monotonic: () => performance.now() * 50,
	setTimeout(callback, ms) {
		const timer = setTimeout(callback, ms / 50);
		return () => clearTimeout(timer);
	},
};

interface Stage {
	readonly agent: AgentProcess;
	readonly client: Client;
	readonly publish: (revision: string, secrets: unknown) => Promise<void>;
	readonly place: (artifact: string | Uint8Array) => void;
}

/** An agent on a file, and a client that learns of it as an application does. */
async function stage(options: ClientOptions = {}): Promise<Stage> {
	const source = join(temporaryFolder(), "artifact.json");
	const place = (artifact: string | Uint8Array): void => writeFileSync(source, artifact);
	const publish = async (revision: string, secrets: unknown): Promise<void> => {
		const packedAt = `2026-11-22T04:3${revision.slice(1)}:00.000Z`;
		place(await sealArtifact({ revision, packedAt, secrets }));
	};
	await publish("r1", FIRST);
	const agent = await AgentProcess.ready({
		CLEF_AGENT_SOURCE: source,
		CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
	});
	const env = { CLEF_AGENT_PORT: String(agent.port), CLEF_AGENT_TOKEN: TOKEN };
	return { agent, client: createClient({ env, ...options }), publish, place };
}

/** Watches until the test ends; what was seen grows. */
function watch(client: Client): { readonly changes: Change[]; readonly states: string[] } {
	const controller = new AbortController();
	const seen: { changes: Change[]; states: string[] } = { changes: [], states: [] };
	const ended = client.watch((change) => seen.changes.push(change), {
		signal: controller.signal,
		onState: (state) => seen.states.push(state),
	});
	onTestFinished(() => {
		controller.abort();
		return ended;
	});
	return seen;
}

describe("reading from the built command", () => {
	it("one secret, all of them, their names and the agent's state", async () => {
		const { client, publish } = await stage();
		await publish("r2", vectorSecrets);
		await eventually("the vectors", async () => (await client.health()).revision === "r2");
		const names = Object.entries(vectorSecrets).flatMap(([namespace, secrets]) =>
			Object.entries(secrets).map(([key, value]) => [namespace, key, value] as const),
		);
		for (const [namespace, key, value] of names) expect(await client.get(key, { namespace })).toBe(value);
		const flat = names.map(([namespace, key, value]) => [`${namespace}__${key}`, value]);
		expect(await client.all()).toEqual(Object.fromEntries(flat));
		expect(await client.keys()).toEqual(flat.map(([name]) => name).sort());
		expect(await client.health()).toMatchObject({ state: "ready", mode: "cached", lastError: null });
	});

	it("refusals have their codes", async () => {
		const { client, agent, place } = await stage();
		await expect(client.get("NOPE")).rejects.toMatchObject({ code: "SECRET_NOT_FOUND" });
		await expect(client.get("a/../b\0")).rejects.toMatchObject({ code: "AGENT_REFUSED" });
		const stranger = createClient({ url: agent.url, token: "wrong", env: {} });
		await expect(stranger.keys()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
		place(vector("revoked"));
		await eventually("revoked", async () => (await client.health()).state === "revoked");
		await expect(client.all()).rejects.toMatchObject({ code: "AGENT_NOT_READY", reason: "revoked" });
	});

	it("waits for an agent that starts later and finds its secrets later still", async () => {
		const folder = temporaryFolder();
		const source = join(folder, "artifact.json");
		const port = String(await freePort());
		const client = createClient({
			env: { CLEF_AGENT_PORT: port, CLEF_AGENT_TOKEN_FILE: join(folder, "token") },
		});
		const value = client.get("URL");
		const agent = await AgentProcess.listening(
			{
				CLEF_AGENT_PORT: port,
				CLEF_AGENT_SOURCE: source,
				CLEF_AGENT_TOKEN_FILE: join(folder, "token"),
				CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			},
			{ withoutToken: true },
		);
		writeFileSync(source, await sealArtifact({ secrets: FIRST }));
		agent.signal("SIGHUP");
		expect(await value).toBe("one");
	});
});

it("the example on its page does what it says", async () => {
	const { agent, publish, client } = await stage();
	await publish("r2", { database: { DB_URL: "postgres://db.internal/app" } });
	await eventually("the example's secret", async () => (await client.health()).revision === "r2");
	const folder = fileURLToPath(new URL("../packages/client", import.meta.url));
	const [{ text: code } = { text: "" }] = snippetsFor("client");
	const printed = /\/\/ prints: (.+)$/m.exec(code)?.[1];
	const env = { CLEF_AGENT_PORT: String(agent.port), CLEF_AGENT_TOKEN: TOKEN };
	const ended = await runProgram(process.execPath, ["--input-type=module", "--eval", code], {
		cwd: folder,
		env,
	});
	expect(ended).toEqual({ status: 0, stdout: `${printed}\n`, stderr: "" });
});

describe("watching the built command", () => {
	it("each change is reported once, by whatever the agent has", async () => {
		const { client, publish } = await stage({ clock: fastClock });
		const { changes, states } = watch(client);
		await eventually("the first", () => changes.length === 1);
		await publish("r2", SECOND);
		await eventually("the second", () => changes.length === 2);
		expect({ changes, states }).toEqual({ changes: CHANGES, states: ["ready"] });
	});
});

// These need the agent's push, its held requests and its refresh, and run as soon as the built command has them.
describe("with an agent that has push", () => {
	async function agentWithPush(context: TestContext, options?: ClientOptions): Promise<Stage> {
		const staged = await stage(options);
		const outcome = await staged.client.refresh().catch(({ agentCode }) => agentCode);
		if (/^(?:METHOD_NOT_ALLOWED|NOT_FOUND)$/.test(String(outcome)))
			context.skip("this agent has no /v1/events and no /v1/refresh");
		return staged;
	}

	it("tells changes, revocation and recovery at once", async (context) => {
		const { client, publish, place } = await agentWithPush(context);
		const { changes, states } = watch(client);
		await eventually("the first", () => changes.length === 1);
		await publish("r2", SECOND);
		await eventually("the second", () => changes.length === 2);
		place(vector("revoked"));
		await eventually("the revocation", () => states.length === 2);
		expect({ changes, states }).toEqual({ changes: CHANGES, states: ["ready", "revoked"] });
	});

	it("an agent that restarts with another revision is found again", async (context) => {
		const { client, agent } = await agentWithPush(context, { clock: fastClock });
		const { changes } = watch(client);
		await eventually("the first", () => changes.length === 1);
		await agent.stop();
		const source = join(temporaryFolder(), "artifact.json");
		writeFileSync(
			source,
			await sealArtifact({ revision: "r2", packedAt: "2026-11-22T04:32:00.000Z", secrets: SECOND }),
		);
		await AgentProcess.ready({
			CLEF_AGENT_PORT: String(agent.port),
			CLEF_AGENT_SOURCE: source,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
		});
		await eventually("the second", () => changes.length === 2);
		expect(changes[1]).toEqual({
			revision: "r2",
			since: "r1",
			added: ["web__KEY"],
			changed: ["db__URL", "db__USER"],
			removed: [],
		});
	});

	it("holds a request until there is another revision", async (context) => {
		const { agent, client, publish } = await agentWithPush(context);
		const withoutPush: typeof fetch = (input, init) =>
			String(input).endsWith("/v1/events")
				? Promise.resolve(Response.json({ code: "NOT_FOUND" }, { status: 404 }))
				: fetch(input, init);
		const polling = createClient({ url: agent.url, token: TOKEN, env: {}, fetch: withoutPush });
		const { changes } = watch(polling);
		await eventually("the first", () => changes.length === 1);
		await publish("r2", SECOND);
		// Without being held, the next request would come after 5 seconds at the earliest.
		await eventually("the second", () => changes.length === 2);
		expect(changes).toEqual(CHANGES);
		expect(await client.refresh()).toMatchObject({ outcome: "confirmed", revision: "r2" });
	});
});
