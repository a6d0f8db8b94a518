import { createHash } from "node:crypto";
import { type SealedFields, type SealOptions, sealFields, signFields } from "@clef-sh/testkit/artifacts";
import { type Behaviour, behaviours, startServer, type TestServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, onTestFinished } from "vitest";
import { AgentProcess, type LogLine, type StartOptions } from "./agent-process.js";
import { eventually } from "./eventually.js";

/** Both modes, as the TTL that chooses them. */
export const MODES = [
	["cached", "300"],
	["just-in-time", "0"],
] as const;

/** A moment before now, as artifacts write it. */
export function ago(seconds: number): string {
	return new Date(Date.now() - seconds * 1000).toISOString();
}

/** What is expected in the log when something is refused. */
export interface Refusal {
	readonly code: string;
	readonly reason?: string;
	readonly message?: RegExp;
}

/** How a stage differs from the usual one. */
export interface StageOptions {
	readonly variables?: Readonly<Record<string, string>>;
	readonly start?: StartOptions;
	/** Of the first good artifact. */
	readonly seal?: SealOptions;
}

/** A body a source can serve. */
export type Body = SealedFields | Uint8Array | string;

/** An artifact's fields around another ciphertext, hashed and signed anew. */
export function recipher(fields: SealedFields, ciphertext: string): SealedFields {
	const ciphertextHash = createHash("sha256").update(ciphertext).digest("hex");
	return signFields({ ...fields, ciphertext, ciphertextHash });
}

function bytesOf(body: Body): Uint8Array | string {
	return typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
}

/** What an agent says that does not start, for which it takes one sentence and the status 1. */
export async function refusesToStart(
	variables: Readonly<Record<string, string>>,
	options?: StartOptions,
): Promise<string> {
	// Not run to its end: where it does start, it must not outlive the test.
	const agent = await AgentProcess.spawn({ CLEF_AGENT_SOURCE: "http://127.0.0.1:9/", ...variables }, options);
	expect(await agent.ended()).toMatchObject({ status: 1, signal: null });
	// The end may be noticed before the last words are.
	await eventually("a sentence", () => agent.stderr.endsWith("\n"));
	expect(agent.stderr).toMatch(/^clef-agent: [^\n]+\n$/);
	return agent.stderr;
}

/** A source with a good signed artifact, and a ready agent that trusts the golden vectors' key. */
export class AttackStage {
	readonly server: TestServer;
	readonly env: Readonly<Record<string, string>>;
	/** The first good artifact. */
	readonly first: SealedFields;
	agent: AgentProcess;
	/** The JSON text that the agent serves. */
	served: string;
	readonly #start: StartOptions | undefined;
	#count = 1;

	private constructor(
		server: TestServer,
		env: Readonly<Record<string, string>>,
		first: SealedFields,
		served: string,
		agent: AgentProcess,
		start: StartOptions | undefined,
	) {
		this.server = server;
		this.env = env;
		this.first = first;
		this.served = served;
		this.agent = agent;
		this.#start = start;
	}

	/** Resolves when the agent serves the first artifact, packed an hour ago. */
	static async ready(ttl: string, { variables, start, seal }: StageOptions = {}): Promise<AttackStage> {
		const secrets = seal?.secrets ?? { KEY: "the-first-good-value" };
		const first = await sealFields({ revision: "good-1", packedAt: ago(3600), ...seal, secrets });
		const server = await startServer(behaviours.ok(JSON.stringify(first)));
		onTestFinished(() => server.close());
		const env = {
			CLEF_AGENT_SOURCE: server.url,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_CACHE_TTL: ttl,
			// A failure with the same code as the one before is logged at this level only.
			CLEF_AGENT_LOG_LEVEL: "debug",
			...variables,
		};
		const agent = await AgentProcess.ready(env, start);
		const stage = new AttackStage(server, env, first, JSON.stringify(secrets), agent, start);
		await stage.stillServes("the first artifact");
		return stage;
	}

	/** Another process with the same settings in place of the present one; it may not listen to its source yet. */
	async restart(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
		await this.agent.stop(signal);
		this.agent = await AgentProcess.listening(this.env, this.#start);
	}

	/** Makes the agent look at a body now; resolves with the first line that tells of it. */
	async shows(behaviour: Behaviour, what: string, tells: (line: LogLine) => boolean): Promise<LogLine> {
		const { agent } = this;
		let from: number | undefined;
		// Counted from the request that gets this body: what the agent says of the one before comes earlier.
		this.server.respondWith((request, response) => {
			from ??= agent.log.length;
			behaviour(request, response);
		});
		agent.signal("SIGHUP");
		return eventually(`${what}; the log ends with ${agent.stderr.slice(-2000)}`, () =>
			from === undefined ? undefined : agent.log.slice(from).find(tells),
		);
	}

	/** Delivers a bad body and expects this refusal of it, and that nothing else has changed. */
	async refuses(what: string, body: Body, refusal: Refusal): Promise<void> {
		const { code, reason, message = /./ } = refusal;
		await this.shows(
			behaviours.ok(bytesOf(body)),
			`${what} refused as ${code} ${reason ?? ""} ${message}`,
			(line) =>
				line.event === "artifact.invalid" &&
				line.code === code &&
				(reason === undefined || line.reason === reason) &&
				message.test(line.message),
		);
		await this.stillServes(what);
	}

	/** The last good secrets are there, to the byte, and the agent counts as ready. */
	async stillServes(after: string): Promise<void> {
		const { status, text } = await this.agent.get("/v1/secrets");
		expect({ after, status, text }).toEqual({ after, status: 200, text: this.served });
		expect({ after, status: (await this.agent.get("/v1/ready")).status }).toEqual({ after, status: 200 });
	}

	/** Options for an artifact that is newer than all before it. */
	next(secrets: unknown): SealOptions {
		this.#count += 1;
		return { revision: `good-${this.#count}`, packedAt: ago(3600 - this.#count), secrets };
	}

	/** Delivers a good body and waits until exactly this JSON is served. */
	async accepts(what: string, body: Body, served: string): Promise<void> {
		const fields = JSON.parse(bytesOf(body).toString());
		await this.shows(
			behaviours.ok(bytesOf(body)),
			`${what} accepted`,
			(line) => line.event === "artifact.refreshed" && line.revision === fields.revision,
		);
		this.served = served;
		await this.stillServes(what);
	}

	/** A fresh good artifact gets through: nothing that came before has locked the agent. */
	async recovers(): Promise<void> {
		const secrets = { KEY: `a-good-value-after-${this.#count}` };
		await this.accepts("a fresh artifact", await sealFields(this.next(secrets)), JSON.stringify(secrets));
	}
}
