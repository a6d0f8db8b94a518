import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { LambdaRuntimeApi, type LambdaRuntimeApiOptions } from "@clef-sh/testkit/lambda-runtime-api";
import { expect, onTestFinished } from "vitest";
import { AgentProcess, type Exit, type StartOptions, TOKEN } from "./agent-process.js";
import { commandPath } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

/** The built command, started as Lambda starts an extension, and what it talks to. */
export interface LambdaStage {
	readonly runtime: LambdaRuntimeApi;
	readonly agent: AgentProcess;
	/** One invocation from event to event, in which the function asks for its secrets at once. */
	invoke(): Promise<unknown>;
	/** Lambda's Shutdown: two seconds, then the end by force. */
	shutdown(reason?: "SPINDOWN" | "TIMEOUT" | "FAILURE"): Promise<Exit>;
}

/** What differs from an ordinary function with the extension under its usual name. */
export interface LambdaStageOptions extends StartOptions {
	readonly fileName?: string;
	readonly api?: LambdaRuntimeApiOptions;
	/** Called before the extension starts. */
	readonly prepare?: (runtime: LambdaRuntimeApi) => void;
}

/** Starts the extension from a folder like /opt/extensions, with the function's session token and no other. */
export async function lambdaStage(
	env: Readonly<Record<string, string>>,
	{ fileName = "clef-agent", api, prepare, ...options }: LambdaStageOptions = {},
): Promise<LambdaStage> {
	const runtime = await LambdaRuntimeApi.start(api);
	onTestFinished(() => runtime.close());
	prepare?.(runtime);
	const agent = await AgentProcess.spawn(
		{ AWS_LAMBDA_RUNTIME_API: runtime.address, AWS_SESSION_TOKEN: TOKEN, ...env },
		{ program: extensionFile(fileName), withoutToken: true, ...options },
	);
	return {
		runtime,
		agent,
		invoke: async () => {
			const { ended } = await runtime.invoke();
			const answer = await agent.secrets();
			await ended;
			return answer;
		},
		shutdown: async (reason = "SPINDOWN") => {
			await runtime.shutdown(reason, () => agent.signal("SIGKILL"));
			return agent.ended();
		},
	};
}

/** Every line is one JSON object that Lambda can read time and level from, and none holds a source's query. */
export function assertCloudWatchShape(agent: AgentProcess): void {
	expect(agent.log.length).toBeGreaterThan(0);
	for (const line of agent.log) {
		expect(line).toMatchObject({
			timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
			level: expect.stringMatching(/^(?:DEBUG|INFO|WARN|ERROR)$/),
			message: expect.any(String),
		});
	}
	expect(agent.stderr).not.toContain("not-for-logs");
}

function extensionFile(name: string): string {
	const folder = join(temporaryFolder(), "extensions");
	mkdirSync(folder);
	const file = join(folder, name);
	symlinkSync(commandPath, file);
	return file;
}
