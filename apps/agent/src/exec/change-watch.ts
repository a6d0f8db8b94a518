import { randomBytes } from "node:crypto";
import type { Secrets } from "@clef-sh/core";
import { isKnownError } from "../command-error.js";
import type { CommandIo } from "../command-io.js";
import type { Log } from "../log.js";
import { printable } from "../printable.js";
import type { ChangeReaction } from "./exec-options.js";
import { changedNames, type Fingerprint, fingerprint } from "./fingerprint.js";
import type { News } from "./news.js";
import type { Variables } from "./secret-variables.js";
import type { SupervisedCommand } from "./supervised-command.js";

/** What it takes to react to changes. */
export interface WatchParts {
	readonly news: News;
	readonly command: Pick<SupervisedCommand, "pass" | "replace">;
	readonly reaction: ChangeReaction;
	readonly secrets: () => Promise<Secrets | undefined>;
	/** Throws a CommandError when they cannot be variables. */
	readonly variablesOf: (secrets: Secrets) => Variables;
	/** The whole environment, with these among it. */
	readonly environment: (variables: Variables) => Variables;
	readonly after: CommandIo["after"];
	readonly log: Log;
}

/** What is published in several steps shall cost one restart. */
const QUIET_MS = 1_000;
/** A source that never rests shall not put it off for ever. */
const MOST_WAITS = 10;

/** Compares what the command was given with what it would get now, whenever something new was fetched. */
export class ChangeWatch {
	readonly #parts: WatchParts;
	readonly #key = randomBytes(32);
	#given: Fingerprint;
	#trouble: string | undefined;

	/** `given` is what the command is started with. */
	constructor(given: Variables, parts: WatchParts) {
		this.#parts = parts;
		this.#given = fingerprint(given, this.#key);
	}

	/** Never resolves. */
	async follow(): Promise<never> {
		for (;;) {
			await this.#parts.news.next();
			await this.#quiet();
			await this.#look();
		}
	}

	async #quiet(): Promise<void> {
		const { after, news } = this.#parts;
		for (let waits = 0; waits < MOST_WAITS; waits += 1) {
			await after(QUIET_MS);
			if (!news.take()) return;
		}
	}

	async #look(): Promise<void> {
		const secrets = await this.#parts.secrets();
		const variables = secrets && this.#variablesOf(secrets);
		if (variables === undefined) return;
		const now = fingerprint(variables, this.#key);
		const names = changedNames(this.#given, now);
		if (names.length === 0) return;
		this.#given = now;
		this.#react(variables, printable(names.join(", ")));
	}

	#react(variables: Variables, names: string): void {
		const { command, environment, log, reaction } = this.#parts;
		const event = { event: "command.changed", variables: names };
		switch (reaction.kind) {
			case "restart":
				log.info(`changed: ${names}; starting the command again`, event);
				command.replace(environment(variables));
				break;
			case "signal":
				log.info(`changed: ${names}; sending the command ${reaction.signal}`, event);
				command.pass(reaction.signal);
				break;
			case "keep":
				log.info(`changed: ${names}; the command keeps what it has until it is started again`, event);
		}
	}

	/** What is packed wrongly costs the running command nothing. */
	#variablesOf(secrets: Secrets): Variables | undefined {
		try {
			const variables = this.#parts.variablesOf(secrets);
			this.#trouble = undefined;
			return variables;
		} catch (error) {
			if (!isKnownError(error)) throw error;
			if (error.message !== this.#trouble) {
				const fields = { event: "command.environment_refused", code: error.code };
				this.#parts.log.error(`${error.message}; the command goes on with what it has`, fields);
			}
			this.#trouble = error.message;
			return undefined;
		}
	}
}
