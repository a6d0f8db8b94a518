import { generateKeyPairSync } from "node:crypto";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/agent-error.js";
import { configFromEnvironment, expectedSubject } from "../../src/env/config-from-environment.js";
import { ENVIRONMENT_VARIABLES } from "../../src/env/environment-variables.js";
import { Reading } from "../../src/env/reading.js";
import { config, files, MINIMAL, problems, type Variables } from "./environment.js";

const UNVERIFIED = expect.stringMatching(
	/^CLEF_AGENT_VERIFY_KEY is not set: artifacts are not authenticated/,
);
const VERIFIED = { CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey };

const REPOSITORY = {
	CLEF_AGENT_SOURCE: undefined,
	CLEF_AGENT_VCS_PROVIDER: "github",
	CLEF_AGENT_VCS_REPO: "org/repo",
	CLEF_AGENT_VCS_TOKEN: "ghp_x",
	CLEF_AGENT_VCS_IDENTITY: "api",
	CLEF_AGENT_VCS_ENVIRONMENT: "production",
};

describe("configFromEnvironment", () => {
	it("fills in the defaults", () => {
		expect(config()).toEqual({
			agent: {
				source: { kind: "file", path: "/srv/api.age.json" },
				decryptor: { ageIdentities: vectorKeys.ageSecretKey },
			},
			port: 7779,
			lambdaInit: "continue",
			logLevel: "info",
			warnings: [UNVERIFIED],
		});
	});

	it("takes everything that can be given", () => {
		const full = config({
			...VERIFIED,
			CLEF_AGENT_SOURCE: "https://example.org/api.age.json",
			CLEF_AGENT_SOURCE_TOKEN: "source-token",
			CLEF_AGENT_MAX_ARTIFACT_BYTES: "65536",
			CLEF_AGENT_IDENTITY: "api",
			CLEF_AGENT_ENVIRONMENT: "production",
			CLEF_AGENT_CACHE_TTL: "0",
			CLEF_AGENT_PORT: "65535",
			CLEF_AGENT_TOKEN: "0123456789abcdef",
			CLEF_AGENT_ID: "pod-1",
			CLEF_AGENT_LOG_LEVEL: "debug",
			CLEF_AGENT_LOG_FORMAT: "json",
			CLEF_AGENT_METRICS: "prometheus",
			CLEF_AGENT_TELEMETRY_URL: "https://collector.example.org/v1/logs",
		});
		expect(full).toMatchObject({
			agent: {
				source: {
					kind: "http",
					url: "https://example.org/api.age.json",
					token: "source-token",
					maxBytes: 65_536,
				},
				verifyKeys: [{ algorithm: "Ed25519" }],
				identity: "api",
				environment: "production",
				ttlSeconds: 0,
			},
			port: 65_535,
			token: "0123456789abcdef",
			id: "pod-1",
			lambdaInit: "continue",
			logLevel: "debug",
			logFormat: "json",
			metrics: "prometheus",
			telemetryUrl: "https://collector.example.org/v1/logs",
			warnings: [],
		});
	});

	it("takes an empty string for unset", () => {
		const empty = Object.fromEntries(
			ENVIRONMENT_VARIABLES.map(({ name }) => [name, ""]).filter(([name]) => name !== "CLEF_AGENT_TOKEN"),
		);
		expect(configFromEnvironment({ ...empty, ...MINIMAL }, files())).toEqual(config());
	});

	it("reads keys from files", () => {
		const readFile = files({
			"/run/age": `# created today\r\n${vectorKeys.ageSecretKey}\r\n`,
			"/run/pub": `${vectorKeys.ed25519PublicKey},${vectorKeys.ecdsaPublicKey}\n`,
		});
		const { agent } = config(
			{
				CLEF_AGENT_AGE_KEY: undefined,
				CLEF_AGENT_AGE_KEY_FILE: "/run/age",
				CLEF_AGENT_VERIFY_KEY_FILE: "/run/pub",
			},
			readFile,
		);
		expect(agent.decryptor.initialAgeIdentities).toContain(vectorKeys.ageSecretKey);
		expect(agent.verifyKeys?.map(({ algorithm }) => algorithm)).toEqual(["Ed25519", "ECDSA_SHA256"]);
	});

	it("D38 gives what the age key file holds when asked, and what it held at the start", async () => {
		const contents = { "/run/age": vectorKeys.ageSecretKey };
		const { agent } = config({ CLEF_AGENT_AGE_KEY: undefined, CLEF_AGENT_AGE_KEY_FILE: "/run/age" }, (path) =>
			files(contents)(path),
		);
		const { ageIdentities, initialAgeIdentities } = agent.decryptor;
		if (typeof ageIdentities !== "function") throw new TypeError("not a source");
		contents["/run/age"] = "rotated";
		expect(await ageIdentities()).toBe("rotated");
		expect(initialAgeIdentities).toBe(vectorKeys.ageSecretKey);
	});

	it("D38 reads the age key file once at the start, since a pipe gives its content only once", async () => {
		const reads: string[] = [];
		const { agent } = configFromEnvironment(
			{ ...MINIMAL, CLEF_AGENT_AGE_KEY: undefined, CLEF_AGENT_AGE_KEY_FILE: "/dev/fd/3" },
			(path) => {
				reads.push(path);
				return vectorKeys.ageSecretKey;
			},
			async (path) => `again ${path}`,
		);
		expect(reads).toEqual(["/dev/fd/3"]);
		const { ageIdentities } = agent.decryptor;
		if (typeof ageIdentities !== "function") throw new TypeError("not a source");
		expect(await ageIdentities()).toBe("again /dev/fd/3");
	});

	it("needs no age key, as KMS envelopes need none", () => {
		const { agent, warnings } = config({ ...VERIFIED, CLEF_AGENT_AGE_KEY: undefined });
		expect(agent.decryptor).toEqual({});
		expect(warnings).toEqual([]);
	});

	it.each([
		["unreadable", { code: "EACCES" }, /cannot be read \(EACCES\); let the agent's user read it/],
		["empty", " \n", /which is empty\.$/],
		["malformed", "age1abc", /is not usable: Line 1 of the age key is a recipient/],
	] as const)("D38 refuses to start with an age key file that is %s", (_, content, problem) => {
		const variables = { CLEF_AGENT_AGE_KEY: undefined, CLEF_AGENT_AGE_KEY_FILE: "/run/age" };
		expect(problems(variables, files({ "/run/age": content }))).toEqual([expect.stringMatching(problem)]);
	});

	it("names the file for a generated token", () => {
		expect(config({ CLEF_AGENT_TOKEN_FILE: "/run/token" })).toMatchObject({ tokenFile: "/run/token" });
		expect(config({ CLEF_AGENT_TOKEN_FILE: "/run/token" })).not.toHaveProperty("token");
	});

	it("reports all mistakes together, one line each", () => {
		const wrong = {
			CLEF_AGENT_SOURCE: "",
			CLEF_AGENT_AGE_KEY: "nonsense",
			CLEF_AGENT_PORT: "7779x",
			CLEF_AGENT_CACHE_TTL: "-1",
			CLEF_AGENT_TOKEN: "",
			CLEF_AGENT_LOG_LEVEL: "verbose",
			CLEF_AGENT_VERFY_KEY: "x",
		};
		const found = problems(wrong);
		expect(found).toHaveLength(7);
		for (const name of Object.keys(wrong))
			expect(found.filter((line) => line.startsWith(name))).toHaveLength(1);
		expect(() => config(wrong)).toThrow(AgentError);
		expect(() => config(wrong)).toThrow(
			expect.objectContaining({ code: "CONFIG_INVALID", message: found.join("\n") }),
		);
	});

	it.each<[string, Variables, RegExp]>([
		["a key that is none", { CLEF_AGENT_AGE_KEY: "AGE-SECRET-KEY-1" }, /^CLEF_AGENT_AGE_KEY is not usable: /],
		[
			"A10 a truncated verify key",
			{ CLEF_AGENT_VERIFY_KEY: "MCowBQYDK2VwAyEA" },
			/^CLEF_AGENT_VERIFY_KEY is not usable/,
		],
		[
			"A10 a list of no verify keys",
			{ CLEF_AGENT_VERIFY_KEY: " , " },
			/^CLEF_AGENT_VERIFY_KEY is not usable/,
		],
		[
			"an unreadable verify key",
			{ CLEF_AGENT_VERIFY_KEY_FILE: "/gone" },
			/_FILE names \/gone, which cannot be read/,
		],
		[
			"a telemetry endpoint that is no URL",
			{ CLEF_AGENT_TELEMETRY_URL: "otlp:4318" },
			/^CLEF_AGENT_TELEMETRY_URL must be an http:\/\/ or https:\/\/ URL/,
		],
		["port 0", { CLEF_AGENT_PORT: "0" }, /^CLEF_AGENT_PORT must be a whole number from 1 to 65535\.$/],
		["a TTL of a century", { CLEF_AGENT_CACHE_TTL: "3153600000" }, /from 0 to 31536000\.$/],
		[
			"another log format",
			{ CLEF_AGENT_LOG_FORMAT: "xml" },
			/^CLEF_AGENT_LOG_FORMAT must be one of text, json\.$/,
		],
		[
			"an identity with a line break",
			{ CLEF_AGENT_IDENTITY: "a\nb" },
			/^CLEF_AGENT_IDENTITY must not contain control/,
		],
		["an over-long id", { CLEF_AGENT_ID: "x".repeat(129) }, /^CLEF_AGENT_ID must not be longer than 128/],
	])("refuses %s", (_, changes, problem) => {
		expect(problems(changes)).toEqual([expect.stringMatching(problem)]);
	});

	it.each(["rsa", "P-384", "secp256k1"])("A10 refuses a verify key of kind %s at start", (kind) => {
		const { publicKey } =
			kind === "rsa"
				? generateKeyPairSync("rsa", { modulusLength: 2048 })
				: generateKeyPairSync("ec", { namedCurve: kind });
		const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
		expect(problems({ CLEF_AGENT_VERIFY_KEY: pem })).toEqual([
			expect.stringMatching(/^CLEF_AGENT_VERIFY_KEY is not usable: /),
		]);
	});

	it("A7 expects of a repository's artifact what its path says", () => {
		const { agent, warnings } = config({ ...VERIFIED, ...REPOSITORY });
		expect(agent).toMatchObject({ source: { kind: "github" }, identity: "api", environment: "production" });
		expect(warnings).toEqual([]);
	});

	it("does not ask for CLEF_AGENT_SOURCE beside repository settings", () => {
		expect(problems({ ...REPOSITORY, CLEF_AGENT_VCS_IDENTITY: undefined })).toEqual([
			"CLEF_AGENT_VCS_IDENTITY is not set; a repository source needs it.",
		]);
	});
});

describe("warnings", () => {
	it.each<[string, Variables, unknown[]]>([
		["nothing, of a verified file", VERIFIED, []],
		["no verify key", {}, [UNVERIFIED]],
		["a short token", { ...VERIFIED, CLEF_AGENT_TOKEN: "short" }, [expect.stringMatching(/shorter than 16/)]],
		["nothing, of verified plain http", { ...VERIFIED, CLEF_AGENT_SOURCE: "http://example.org/a" }, []],
		["nothing more, of loopback http", { CLEF_AGENT_SOURCE: "http://localhost:8080/a" }, [UNVERIFIED]],
		[
			"unverified plain http",
			{ CLEF_AGENT_SOURCE: "http://example.org/a?sig=x" },
			[
				UNVERIFIED,
				expect.stringMatching(/^CLEF_AGENT_SOURCE is read over plain http:\/\/ from example\.org;/),
			],
		],
		[
			"a token over plain http, even of a verified artifact",
			{ ...VERIFIED, CLEF_AGENT_SOURCE: "http://example.org/a", CLEF_AGENT_SOURCE_TOKEN: "t" },
			[
				expect.stringMatching(
					/^The credential for CLEF_AGENT_SOURCE is sent unencrypted over http:\/\/ to example\.org/,
				),
			],
		],
		[
			"a public repository",
			{ ...VERIFIED, ...REPOSITORY, CLEF_AGENT_VCS_TOKEN: undefined },
			[expect.stringMatching(/^CLEF_AGENT_VCS_TOKEN is not set: only a public repository can be read/)],
		],
	])("mention %s", (_, changes, warnings) => {
		expect(config(changes).warnings).toEqual(warnings);
	});

	it("mention Kubernetes service links once, without their values, and keep the default port", () => {
		const { port, warnings } = config({
			...VERIFIED,
			CLEF_AGENT_PORT: "tcp://10.0.0.1:7779",
			CLEF_AGENT_SERVICE_HOST: "10.0.0.1",
			CLEF_AGENT_SERVICE_PORT: "7779",
			CLEF_AGENT_PORT_7779_TCP: "tcp://10.0.0.1:7779",
		});
		expect(port).toBe(7779);
		expect(warnings).toEqual([
			"Ignored CLEF_AGENT_PORT, CLEF_AGENT_PORT_7779_TCP, CLEF_AGENT_SERVICE_HOST, CLEF_AGENT_SERVICE_PORT: Kubernetes set them for a Service named clef-agent; enableServiceLinks: false stops that.",
		]);
	});
});

describe("expectedSubject", () => {
	const source = { kind: "github", repo: "org/repo", identity: "from-path", environment: "live" } as const;

	it("is what leads to the artifact in a repository, where nothing is said outright", () => {
		expect(expectedSubject(new Reading({}, files()), source)).toEqual({
			identity: "from-path",
			environment: "live",
		});
	});

	it("is what is said outright", () => {
		const reading = new Reading({ CLEF_AGENT_IDENTITY: "api" }, files());
		expect(expectedSubject(reading, source)).toEqual({ identity: "api", environment: "live" });
	});

	it.each([undefined, { kind: "file", path: "/a" } as const])("is open for %j", (other) => {
		expect(expectedSubject(new Reading({}, files()), other)).toEqual({});
	});
});

describe("no message holds a secret", () => {
	const MARKER = "hunter2";
	const secretNames = ENVIRONMENT_VARIABLES.filter(({ secret }) => secret).map(({ name }) => name);
	const mask = fc.constantFrom(
		"X",
		`X X`,
		"X\r\nX",
		"AGE-SECRET-KEY-1X",
		"s3://X/X",
		"https://X:X@example.org/?X",
		"üX",
		"X,X",
	);
	const secrets = fc.dictionary(
		fc.constantFrom(...[...secretNames, "CLEF_AGENT_VERIFY_KEY", "CLEF_AGENT_PORT", "CLEF_AGENT_VERIFY_KEX"]),
		fc.tuple(mask, fc.boolean()),
	);

	it("T27 whatever is given, and however", () => {
		fc.assert(
			fc.property(secrets, (given) => {
				const env: Variables = { CLEF_AGENT_CACHE_TTL: "wrong" };
				const contents: Record<string, string> = {};
				for (const [name, [shape, inFile]] of Object.entries(given)) {
					const value = shape.replaceAll("X", MARKER);
					env[inFile ? `${name}_FILE` : name] = inFile ? `/run/${name}` : value;
					contents[`/run/${name}`] = value;
				}
				expect(problems({ ...env }, files(contents)).join("\n")).not.toContain(MARKER);
			}),
			{ numRuns: 500 },
		);
	});

	it("not even a warning", () => {
		const { warnings } = config({
			CLEF_AGENT_SOURCE: `http://example.org/a?signature=${MARKER}`,
			CLEF_AGENT_SOURCE_TOKEN: MARKER,
			CLEF_AGENT_TOKEN: MARKER,
		});
		expect(warnings).toHaveLength(3);
		expect(warnings.join("\n")).not.toContain(MARKER);
	});
});
