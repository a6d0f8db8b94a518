import { type AgentStatus, createAgent, type OpenSecrets, type Secrets } from "@clef-sh/core";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { ManualClock } from "@clef-sh/testkit/clock";
import { ScriptedSource } from "@clef-sh/testkit/scripted-source";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import type { RoutedAgent } from "../src/routes.js";

/** Real secrets, decrypted by a real agent from an artifact sealed for the occasion. */
export async function secretsOf(payload: unknown): Promise<Secrets> {
	await using agent = await createAgent({
		source: new ScriptedSource(await sealArtifact({ secrets: payload })),
		decryptor: { ageIdentities: vectorKeys.ageSecretKey },
		clock: new ManualClock(),
	});
	return agent.secrets();
}

/** More than the kernel's socket buffers take, so that a response to a client that does not read stays unsent. */
export const BIG: string = "x".repeat(12_000_000);

const READY: AgentStatus = {
	state: "ready",
	mode: "cached",
	revision: "r1",
	lastRefreshAt: 1_790_000_000_000,
	ageMs: 0,
	expiresAt: null,
	expired: false,
	lastError: null,
};

/** Bodies that are wiped, like the real ones, once they are replaced and nobody holds them. */
class FakeOpenSecrets implements OpenSecrets {
	readonly revision: string;
	readonly secrets: Secrets;
	readonly packed: Buffer;
	readonly flat: Buffer | undefined;
	readers = 0;
	#replaced = false;

	constructor(secrets: Secrets, revision: string) {
		this.revision = revision;
		this.secrets = secrets;
		this.packed = Buffer.from(JSON.stringify(secrets.reveal()));
		const flat = secrets.flatten();
		this.flat = secrets.shape === "flat" ? this.packed : flat && Buffer.from(JSON.stringify(flat));
	}

	body(format: "packed" | "flat"): Buffer | undefined {
		return this[format];
	}

	retain(): () => void {
		this.readers += 1;
		let held = true;
		return () => {
			if (!held) return;
			held = false;
			this.readers -= 1;
			this.#wipe();
		};
	}

	replace(): void {
		this.#replaced = true;
		this.#wipe();
	}

	#wipe(): void {
		if (this.#replaced && this.readers === 0) this.packed.fill(0);
	}
}

const OPEN_GATE = Promise.resolve();

/** An agent whose state, failure and pace a test dictates. */
export class FakeAgent implements RoutedAgent {
	held: FakeOpenSecrets;
	state: AgentStatus = READY;
	/** When set, `open()` rejects with this. */
	failure: unknown;
	/** `open()` waits for this; unless it was set, nothing has to be waited for. */
	gate: Promise<void> = OPEN_GATE;
	/** How often it was opened. */
	opens = 0;

	constructor(secrets: Secrets, revision = "r1") {
		this.held = new FakeOpenSecrets(secrets, revision);
	}

	/** An agent over this JSON payload. */
	static async of(payload: unknown, revision?: string): Promise<FakeAgent> {
		return new FakeAgent(await secretsOf(payload), revision);
	}

	/** Other secrets take the place of those held. */
	replace(secrets: Secrets, revision: string): void {
		this.held.replace();
		this.held = new FakeOpenSecrets(secrets, revision);
	}

	openNow(): OpenSecrets | undefined {
		if (this.gate !== OPEN_GATE || this.failure !== undefined) return undefined;
		this.opens += 1;
		return this.held;
	}

	async open(): Promise<OpenSecrets> {
		this.opens += 1;
		await this.gate;
		if (this.failure !== undefined) throw this.failure;
		return this.held;
	}

	status(): AgentStatus {
		return this.state;
	}
}
