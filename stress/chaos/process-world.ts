import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { deadOrigin, startServer, type TestServer } from "@clef-sh/testkit/servers";
import { type ArtifactEdition, IDENTITY, Press, SIGNERS } from "./artifacts.js";
import { ChaosViolation } from "./belief.js";
import { ChaosCommand } from "./command.js";
import { Courses } from "./courses.js";
import type { Dice } from "./dice.js";
import type { Moment, Policy } from "./facts.js";
import { URL_SECRET } from "./instance.js";
import type { PlaceContext } from "./places.js";
import { ChaosSource } from "./source.js";

/** After everything is in order, it must serve within this; a read may have to run into its deadline first. */
const HEALS_WITHIN_MS = 20_000;
const SETTLES_WITHIN_MS = 100;

/** The built command in real time: its source, its cache directory and the model of what it may serve. */
export class ProcessWorld implements PlaceContext {
	readonly dice: Dice;
	readonly press: Press = new Press();
	readonly clock: { now(): number } = { now: Date.now };
	readonly sound: ArtifactEdition[] = [];
	readonly signers: readonly string[];
	readonly canWait = false;
	longestWaitMs = 0;
	valuesChecked = 0;
	restarts = 0;
	readonly source: ChaosSource;
	readonly #courses: Courses;
	readonly #policy: Policy;
	readonly #cachePath: string;
	readonly #server: TestServer;
	#command: ChaosCommand | undefined;
	#number = 0;
	#port = 0;
	#violation: unknown;

	private constructor(
		dice: Dice,
		policy: Policy,
		first: ArtifactEdition,
		cachePath: string,
		server: TestServer,
	) {
		this.dice = dice;
		this.signers = policy.signers;
		this.#policy = policy;
		this.#courses = new Courses(policy, true);
		this.#cachePath = cachePath;
		this.#server = server;
		this.sound.push(first);
		this.source = new ChaosSource({ kind: "honest", edition: first, isTagged: true }, now);
	}

	/** Starts the command over a sound artifact, with a TTL of 5 s or just-in-time. */
	static async create(dice: Dice, isCached: boolean): Promise<ProcessWorld> {
		const staleAfterMs = isCached ? 5_000 : 300_000;
		const policy = { signers: ["a", "b"], identity: IDENTITY, isCached, staleAfterMs };
		const first = await new Press().artifact({
			packedAtMs: Date.now() - 60_000,
			signer: "a",
			revision: "r0",
		});
		const cachePath = await mkdtemp(join(tmpdir(), "clef-chaos-process-"));
		const server = await startServer((request, response) => world.#serve(request, response));
		const world = new ProcessWorld(dice, policy, first, cachePath, server);
		world.#port = Number(new URL(await deadOrigin()).port);
		await world.#start();
		return world;
	}

	get isCached(): boolean {
		return this.#policy.isCached;
	}

	get command(): ChaosCommand {
		if (this.#command === undefined) throw new RangeError("it does not run");
		return this.#command;
	}

	/** Lets those who wait for a slow answer have it. */
	release(): void {
		this.source.release();
		this.#note();
	}

	/** Ends the command by SIGTERM or SIGKILL and starts it again over the same cache directory. */
	async restart(how: "stop" | "kill"): Promise<void> {
		await this.command[how]();
		this.source.forget(this.#number);
		this.#courses.restarted();
		this.restarts += 1;
		await this.#start();
	}

	/** One reader comes, and must be given what is right. */
	async check(): Promise<void> {
		const from = now();
		this.#courses.readerComes(from);
		const opening = await this.command.open();
		this.#courses.assertGiven(opening, from, now());
		this.valuesChecked += opening.served === undefined ? 0 : 1;
		await this.command.assertHealth();
		this.command.assertSilent();
		if (this.#violation !== undefined) throw this.#violation;
	}

	/** Asks until this is served, on behalf of an operator who sent a signal. */
	async assertHeals({ facts }: ArtifactEdition): Promise<void> {
		const wanted = `${facts.revision} ${facts.secrets}`;
		const deadline = Date.now() + HEALS_WITHIN_MS;
		for (;;) {
			const { served, code } = await this.command.open();
			if (served === wanted) break;
			if (Date.now() > deadline) throw new ChaosViolation(`not healed to ${wanted}: ${served ?? code}`);
			await pause(SETTLES_WITHIN_MS);
		}
		this.valuesChecked += 1;
	}

	/** Ends everything, whatever state it is in. */
	async end(): Promise<void> {
		await this.#command?.kill();
		await this.#server.close();
		await rm(this.#cachePath, { recursive: true, force: true });
	}

	async #start(): Promise<void> {
		this.#number += 1;
		const { isCached, staleAfterMs } = this.#policy;
		const url = `${this.#server.url}/artifact.json?sig=${URL_SECRET}&process=${this.#number}`;
		this.#command = await ChaosCommand.listening(this.#port, {
			CLEF_AGENT_SOURCE: url,
			CLEF_AGENT_CACHE_TTL: isCached ? String(staleAfterMs / 1000) : "0",
			CLEF_AGENT_CACHE_PATH: this.#cachePath,
			CLEF_AGENT_VERIFY_KEY: this.signers.map((name) => SIGNERS[name]?.publicKey).join(","),
			CLEF_AGENT_IDENTITY: IDENTITY,
			CLEF_AGENT_MAX_ARTIFACT_BYTES: "65536",
		});
	}

	#serve(request: IncomingMessage, response: ServerResponse): void {
		const number = Number(/process=(\d+)/.exec(request.url ?? "")?.[1]);
		if (number !== this.#number) {
			response.destroy();
			return;
		}
		try {
			this.#courses.reads(now());
			this.source.serve(number, request, response);
			this.#note();
		} catch (error) {
			this.#violation ??= error;
			response.destroy();
		}
	}

	#note(): void {
		for (const answer of this.source.takeAnswers(this.#number, false)) this.#courses.answered(answer);
	}
}

function now(): Moment {
	return { wallMs: Date.now(), monotonicMs: performance.now() };
}
