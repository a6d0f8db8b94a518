import type { AgentEvent } from "@clef-sh/core";
import { ManualClock, settle } from "@clef-sh/testkit/clock";
import type { Hono } from "hono";
import { createRouter } from "../../src/create-router.js";
import { Changes } from "../../src/push/changes.js";
import { FakeAgent, secretsOf } from "../fake-agent.js";
import { expectDocumented, expectDocumentedEvent } from "../openapi/documented.js";
import { TOKEN } from "../requests.js";

/** A message of an event stream as a client reads it; comments and `retry` are under their own names. */
export type Message = Readonly<Record<string, unknown>>;

/** An event that says that something may be different. */
const REFRESHED: AgentEvent = {
	event: "agent.recovered",
	at: 0,
	revision: "whatever",
};

/** A router over an agent whose secrets a test changes, and what its clients hear. */
export class PushStage {
	readonly clock = new ManualClock();
	readonly changes = new Changes();
	readonly agent: FakeAgent;
	readonly router: Hono;

	private constructor(agent: FakeAgent) {
		this.agent = agent;
		this.router = createRouter(agent, { token: TOKEN, changes: this.changes, clock: this.clock });
	}

	/** With this payload as revision `r1`. */
	static async of(payload: unknown): Promise<PushStage> {
		return new PushStage(await FakeAgent.of(payload, "r1"));
	}

	/** Another payload takes the place of the one held, and the clients are woken. */
	async replace(payload: unknown, revision: string): Promise<void> {
		this.agent.replace(await secretsOf(payload), revision);
		await this.become({ state: "ready", revision });
	}

	/** The agent is in another state, and the clients are woken. */
	async become(state: Partial<FakeAgent["state"]>): Promise<void> {
		this.agent.state = { ...this.agent.state, ...state };
		this.changes.write(REFRESHED);
		await settle();
	}

	/** Opens an event stream. */
	async stream(headers: Readonly<Record<string, string>> = {}): Promise<StreamReader> {
		const response = await this.router.request("/v1/events", {
			headers: { Authorization: `Bearer ${TOKEN}`, ...headers },
		});
		await expectDocumented("GET", "/v1/events", response);
		await settle();
		return new StreamReader(response);
	}
}

/** Reads what a stream has sent so far. */
export class StreamReader {
	readonly response: Response;
	readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

	constructor(response: Response) {
		if (response.body === null) throw new TypeError("A stream has a body.");
		this.response = response;
		this.#reader = response.body.getReader();
	}

	/** The next messages; waits until there are so many. */
	async next(count: number): Promise<readonly Message[]> {
		const messages: Message[] = [];
		while (messages.length < count) {
			const { value, done } = await this.#reader.read();
			if (done) break;
			messages.push(...parse(Buffer.from(value).toString()));
		}
		return messages;
	}

	/** Whether the stream is over, once what it has sent is read. */
	async isOver(): Promise<boolean> {
		return (await this.#reader.read()).done;
	}

	/** The client leaves. */
	cancel(): Promise<void> {
		return this.#reader.cancel();
	}
}

function parse(text: string): readonly Message[] {
	return text
		.split("\n\n")
		.filter((block) => block !== "")
		.map(messageOf);
}

function messageOf(block: string): Message {
	const message = Object.fromEntries(block.split("\n").map(field));
	if (message.event !== undefined) expectDocumentedEvent(String(message.event), message.data);
	return message;
}

function field(line: string): readonly [string, unknown] {
	const [, name = "", value = ""] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
	return [name || "comment", name === "data" ? JSON.parse(value) : value];
}
