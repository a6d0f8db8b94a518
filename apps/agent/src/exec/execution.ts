import type { AgentEvent, Secrets } from "@clef-sh/core";
import { CommandError } from "../command-error.js";
import type { CommandIo } from "../command-io.js";
import { printable } from "../printable.js";
import type { ServingSetup } from "../serving-setup.js";
import { type StartedAgent, startAgent } from "../start-agent.js";
import { ChangeWatch } from "./change-watch.js";
import type { ExecOptions } from "./exec-options.js";
import { inheritedVariables } from "./inherited-variables.js";
import { type LocalApi, serveLocally } from "./local-api.js";
import { News } from "./news.js";
import { secretVariables, type Variables } from "./secret-variables.js";
import { secretsNow } from "./secrets-now.js";
import { type SignalRelay, statusOfSignal } from "./signal-relay.js";
import type { SupervisedCommand } from "./supervised-command.js";

/** What `sysexits.h` calls EX_UNAVAILABLE. */
const UNAVAILABLE = 69;
/** How often secrets are tried that are there and could not be opened. */
const RETRY_MS = 5_000;

/** Events after which a command may have secrets that nobody gets any more. */
const ENDS: Readonly<Partial<Record<AgentEvent["event"], string>>> = {
	"artifact.revoked": "the secrets were revoked",
	"artifact.expired": "the secrets have expired",
	"cache.expired": "the secrets were not confirmed for too long",
};

/** Events after which there is something to compare. */
const CHANGES: ReadonlySet<AgentEvent["event"]> = new Set([
	"artifact.refreshed",
	"artifact.restored",
] as const);

/** What a run is made of. */
export interface ExecutionParts {
	readonly options: ExecOptions;
	readonly setup: ServingSetup;
	readonly command: SupervisedCommand;
	readonly io: CommandIo;
	readonly signals: SignalRelay;
}

interface Launched {
	readonly ended: Promise<number>;
	readonly watch: ChangeWatch;
}

/** One run, from the first fetch to the command's end. */
export class Execution {
	readonly #parts: ExecutionParts;
	readonly #arrivals = new News();
	readonly #changes = new News();
	#agent: StartedAgent | undefined;
	#isLaunched = false;
	#isRevoked = false;

	constructor(parts: ExecutionParts) {
		this.#parts = parts;
	}

	async run(): Promise<number> {
		const { io, options, setup } = this.#parts;
		this.#warnOfProcessOne();
		const started = await startAgent(setup, io, this.#observe);
		this.#agent = started;
		started.manager?.started(started.agent.status());
		let api: LocalApi | undefined;
		try {
			if (options.serves) api = await serveLocally(setup, started, io);
			return await this.#runCommand(started, api);
		} finally {
			await api?.close();
			await started.close();
		}
	}

	async #runCommand(started: StartedAgent, api: LocalApi | undefined): Promise<number> {
		const { command, options } = this.#parts;
		const launched = await this.#launch(started, api);
		if (typeof launched === "string") return statusOfSignal(launched);
		const { ended, watch } = launched;
		const watching = watch.follow().catch(async (error: unknown) => {
			command.stop();
			await ended;
			throw error;
		});
		const status = await Promise.race([ended, watching]);
		return this.#isRevoked && options.stopsOnRevoke ? UNAVAILABLE : status;
	}

	/** When it returns, the command alone has the secrets, but for what the agent holds in its mode. */
	async #launch(started: StartedAgent, api: LocalApi | undefined): Promise<Launched | NodeJS.Signals> {
		const { command, io, options, setup, signals } = this.#parts;
		const secrets = await this.#firstSecrets(started);
		if (typeof secrets === "string") return secrets;
		const variablesOf = (found: Secrets): Variables => secretVariables(found, options.naming);
		const inherited = inheritedVariables(io.env);
		const environment = (variables: Variables): Variables =>
			Object.assign(Object.create(null), inherited, variables, api?.variables());
		const variables = variablesOf(secrets);
		this.#sayWhatIsReplaced(Object.keys(variables).filter((name) => name in inherited));
		const watch = new ChangeWatch(variables, {
			...{ command, environment, variablesOf, after: io.after, log: setup.log, news: this.#changes },
			reaction: options.onChange,
			secrets: () => secretsNow(started.agent),
		});
		signals.to(command.pass);
		this.#isLaunched = true;
		const ended = command.run(environment(variables), () => {
			setup.log.info(`started ${printable(options.program)}`, { event: "command.started" });
			started.manager?.observe(started.agent.status());
		});
		return { ended, watch };
	}

	/** Or the signal that came before them. */
	async #firstSecrets({ agent }: StartedAgent): Promise<Secrets | NodeJS.Signals> {
		const { io, options, setup, signals } = this.#parts;
		const { timeoutSeconds } = options;
		const timeout =
			timeoutSeconds === undefined ? [] : [io.after(timeoutSeconds * 1_000).then(() => "late" as const)];
		const crashed = setup.crashed.then(() => "SIGTERM" as const);
		const first = await Promise.race([signals.stopped, crashed, this.#arrive(agent), ...timeout]);
		if (first !== "late") {
			if (typeof first === "string")
				setup.log.info(`${first} before the command was started`, { event: "agent.stopping" });
			return first;
		}
		const { lastError, state } = agent.status();
		const why = lastError?.code ?? state;
		const message = `no secrets within ${timeoutSeconds} s (--timeout), so the command was not started: ${why}`;
		throw new CommandError("COMMAND_TIMEOUT", message, { exitStatus: UNAVAILABLE });
	}

	async #arrive(agent: StartedAgent["agent"]): Promise<Secrets> {
		const { io, options, setup } = this.#parts;
		for (let isFirst = true; ; isFirst = false) {
			// What comes from now on may be something else than what the command is started with.
			this.#changes.take();
			const secrets = await secretsNow(agent);
			if (secrets !== undefined) return secrets;
			const sentence = `waiting for secrets before ${printable(options.program)} is started`;
			if (isFirst) setup.log.info(sentence, { event: "command.waiting" });
			await Promise.race([this.#arrivals.next(), io.after(RETRY_MS)]);
		}
	}

	readonly #observe = (event: AgentEvent): void => {
		const { command, options, setup } = this.#parts;
		this.#arrivals.tell();
		if (CHANGES.has(event.event)) this.#changes.tell();
		// An expired artifact can also have been refused, while the one before it is served.
		const end = "serving" in event && event.serving.untilMs !== undefined ? undefined : ENDS[event.event];
		// Events are told in the middle of a change; its end is what counts.
		queueMicrotask(() => {
			if (this.#isLaunched) this.#agent?.manager?.observe(this.#agent.agent.status());
		});
		if (end === undefined || !this.#isLaunched) return;
		const fields = { event: "command.secrets_ended" };
		if (event.event === "artifact.revoked" && options.stopsOnRevoke) {
			setup.log.error(`${end}: stopping the command (--stop-on-revoke)`, fields);
			this.#isRevoked = true;
			command.stop();
		} else setup.log.warn(`${end}; the command goes on with those it was started with`, fields);
	};

	#sayWhatIsReplaced(names: readonly string[]): void {
		if (names.length === 0) return;
		const list = printable([...names].sort().join(", "));
		this.#parts.setup.log.info(`secrets replace inherited variables: ${list}`, { event: "command.replaced" });
	}

	#warnOfProcessOne(): void {
		const { io, setup } = this.#parts;
		if (io.pid !== 1) return;
		setup.log.warn(
			"running as process 1, which must wait for every orphan, and Node waits for its own children alone; " +
				"a shell would do it, but there is no /bin/sh, a variable has a name that shells lose, or Node is older " +
				"than 22.15: let an init be process 1 (docker run --init, init: true in Compose, initProcessEnabled in ECS, " +
				"shareProcessNamespace in Kubernetes)",
			{ event: "process.init" },
		);
	}
}
