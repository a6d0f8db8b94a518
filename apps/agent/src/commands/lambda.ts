import { type Agent, createOutboundFetch, createSource, systemClock, unpooled } from "@clef-sh/core";
import { ExtensionsApi, reportFailure, runExtension } from "@clef-sh/lambda-extension";
import { parseArguments } from "../arguments.js";
import { CommandError } from "../command-error.js";
import type { CommandIo } from "../command-io.js";
import { EventLog } from "../event-log.js";
import { createLog } from "../log.js";
import { followToken, type ServingSetup, setUpServing, warnOfWithheldToken } from "../serving-setup.js";
import { sinks, startTelemetry } from "../start-telemetry.js";
import { StopRequest } from "../stop-request.js";

/** `clef-agent lambda`: the extension of an AWS Lambda function. `stop` may already have seen a signal. */
export async function lambda(
	args: readonly string[],
	io: CommandIo,
	stop: StopRequest = new StopRequest(io.process),
): Promise<number> {
	const { values } = parseArguments("lambda", args, { options: { name: { type: "string" } } });
	const api = new ExtensionsApi(runtimeApi(io), values.name ?? io.programName);
	let setup: ServingSetup;
	try {
		// The function has it too, so its code needs no token of ours.
		setup = setUpServing(io, { fallbackToken: io.env.AWS_SESSION_TOKEN || undefined, json: "lambda-json" });
	} catch (error) {
		await reportFailure({ api, log: createLog(io.stderr, { level: "info", format: "lambda-json" }) }, error);
		return 1;
	}
	return Promise.race([serve(setup, api, io, stop), stop.insisted.then(() => 0), setup.crashed]);
}

async function serve(
	{ config, live, log, token }: ServingSetup,
	api: ExtensionsApi,
	io: CommandIo,
	stop: StopRequest,
): Promise<number> {
	const { port } = config;
	if (port === undefined || config.socket !== undefined) throw noSocketInLambda();
	const clock = systemClock();
	const fetch = unpooled(createOutboundFetch(io.env));
	const source = createSource(config.agent.source, { fetch, timers: clock, now: clock.now });
	if (token.handover === "generated") warnOfWithheldToken(log);
	let agent: Agent | undefined;
	const events = new EventLog(log, () => agent?.status().lastRefreshAt ?? null);
	const telemetry = await startTelemetry({ config, fetch, io, log, agent: () => agent });
	const following = followToken(live, io);
	try {
		return await runExtension({
			api,
			agent: { ...config.agent, source, ...sinks(events, telemetry) },
			onAgent: (started) => {
				agent = started;
			},
			telemetry,
			servesMetrics: config.metrics === "prometheus",
			clock,
			port,
			token: live.current,
			strict: config.lambdaInit === "strict",
			initializationType: io.env.AWS_LAMBDA_INITIALIZATION_TYPE,
			log,
			stop: stop.requested,
		});
	} finally {
		following.abort();
	}
}

function noSocketInLambda(): CommandError {
	const message = "CLEF_AGENT_SOCKET and CLEF_AGENT_PORT=none are not for Lambda";
	return new CommandError("CONFIG_INVALID", message, { hint: "unset them; functions use 127.0.0.1:7779" });
}

function runtimeApi({ env }: CommandIo): string {
	const address = env.AWS_LAMBDA_RUNTIME_API;
	if (address) return address;
	throw new CommandError(
		"CONFIG_INVALID",
		"AWS_LAMBDA_RUNTIME_API is not set: this is not a Lambda environment",
		{
			hint: "elsewhere start the agent with clef-agent run",
		},
	);
}
