import type { TrustedKey } from "@clef-sh/artifact";
import type { DecryptorOptions } from "@clef-sh/decryptors";
import type { SourceOptions } from "@clef-sh/sources";
import type { ListenerChoice } from "./listener-choice.js";

/** The part of a configuration that `createAgent` takes as it is. */
export interface AgentSettings {
	readonly source: SourceOptions;
	readonly decryptor: DecryptorOptions;
	readonly verifyKeys?: readonly TrustedKey[];
	/** Given when they came from a file. */
	readonly rereadVerifyKeys?: () => Promise<string>;
	readonly identity?: string;
	readonly environment?: string;
	readonly ttlSeconds?: number;
	readonly cachePath?: string;
}

/** Everything an environment says about an agent. */
export interface EnvironmentConfig extends ListenerChoice {
	readonly agent: AgentSettings;
	/** Absent: generate one. */
	readonly token?: string;
	/** Path of a file that does not exist yet; write the generated token there. */
	readonly tokenFile?: string;
	/** Given when the token is in a file, or will be: its present text, or rejects with an `AgentError`. */
	readonly rereadToken?: () => Promise<string>;
	/** Absent: generate one. */
	readonly id?: string;
	/** May hold userinfo. */
	readonly telemetryUrl?: string;
	readonly metrics?: "prometheus";
	/** What to do in AWS Lambda when Init ends without secrets. */
	readonly lambdaInit: "continue" | "strict";
	readonly logLevel: "debug" | "info" | "warn" | "error";
	/** Absent: `text` on a terminal, else `json`. */
	readonly logFormat?: "text" | "json";
	/** One sentence each, safe to log. */
	readonly warnings: readonly string[];
}
