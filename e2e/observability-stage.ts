import { type AwsKmsKey, encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { type Behaviour, behaviours, startServer, type TestServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { onTestFinished } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { deployed } from "./observability-files.js";
import { Prometheus } from "./observability-prometheus.js";
import { temporaryFolder } from "./temporary-folder.js";

const TWO_HOURS_MS = 7_200_000;

function inMs(ms: number): string {
	return new Date(Date.now() + ms).toISOString();
}

/** An agent whose data key a KMS wraps, since only that one measures everything, and a Prometheus that scrapes it. */
export class ObservedAgent {
	readonly agent: AgentProcess;
	readonly prometheus: Prometheus;
	readonly #source: TestServer;
	readonly #key: AwsKmsKey;

	private constructor(agent: AgentProcess, prometheus: Prometheus, source: TestServer, key: AwsKmsKey) {
		this.agent = agent;
		this.prometheus = prometheus;
		this.#source = source;
		this.#key = key;
	}

	/** The agent listens and has nothing to serve yet; `token` is what it is scraped with. */
	static async start({ token = TOKEN } = {}): Promise<ObservedAgent> {
		const kms = await AwsKmsServer.start();
		onTestFinished(() => kms.close());
		const key = kms.key("SYMMETRIC_DEFAULT", "clef");
		const source = await startServer(behaviours.status(500));
		onTestFinished(() => source.close());
		const agent = await AgentProcess.listening(
			{
				CLEF_AGENT_SOURCE: source.url,
				CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
				CLEF_AGENT_METRICS: "prometheus",
				...kms.environment(),
			},
			{ withoutAgeKey: true },
		);
		return new ObservedAgent(agent, await scraping(agent.port, token), source, key);
	}

	/** Makes everything happen that the alerts and the panels are about; afterwards the agent serves. */
	async drive(): Promise<void> {
		const { agent } = this;
		await this.#ask();
		const first = await this.#seal(1);
		await this.#takes(first, 1);
		await this.#scraped("the first revision", 'clef_cache_state{clef_state="ready"} == 1');
		await this.#takes(await this.#seal(2), 2);
		await this.#ask();
		await agent.get("/v1/secrets", { authorization: "Bearer wrong" });
		await this.#fails("SOURCE_NOT_FOUND", behaviours.status(404));
		await this.#fails("ARTIFACT_ROLLED_BACK", behaviours.ok(first));
		await this.#fails("ARTIFACT_MALFORMED", behaviours.ok("{}"));
		this.#key.denied.add("Decrypt");
		await this.#fails("DECRYPT_UNWRAP_FAILED", behaviours.ok(await this.#seal(3)));
		this.#key.denied.clear();
		await this.#takes(await this.#seal(4), 4);
		await this.#ask();
	}

	/** The text that Prometheus gets. */
	async text(): Promise<string> {
		return (await this.agent.get("/v1/metrics")).text;
	}

	async #ask(): Promise<void> {
		for (const path of [
			"/v1/ready",
			"/v1/health",
			"/v1/secrets",
			"/v1/secrets/REVISION",
			"/v1/keys",
			"/v1/none",
		]) {
			await this.agent.get(path);
		}
	}

	#seal(revision: number): Promise<Uint8Array> {
		return sealEnvelope({
			provider: "aws",
			keyId: this.#key.arn,
			wrap: (dataKey) => encryptWith(this.#key, dataKey),
			revision: `r${revision}`,
			packedAt: inMs((revision - 100) * 1000),
			expiresAt: inMs(TWO_HOURS_MS),
			secrets: { REVISION: String(revision) },
		});
	}

	/** What the source answers from now on; resolves once it has been asked. */
	async #publish(answer: Behaviour): Promise<void> {
		const before = this.#source.requests.length;
		this.#source.respondWith(answer);
		this.agent.signal("SIGHUP");
		await eventually("a poll", () => this.#source.requests.length > before);
	}

	async #takes(artifact: Uint8Array, revision: number): Promise<void> {
		await this.#publish(behaviours.ok(artifact));
		await this.agent.serves({ REVISION: String(revision) });
	}

	async #fails(code: string, answer: Behaviour): Promise<void> {
		await this.#publish(answer);
		await this.#scraped(code, `clef_refresh_duration_seconds_count{error_type="${code}"} > 0`);
	}

	#scraped(what: string, expr: string): Promise<boolean> {
		return eventually(`${what} in Prometheus`, async () => (await this.prometheus.query(expr)).length > 0);
	}
}

async function scraping(agentPort: number, token: string): Promise<Prometheus> {
	const prometheus = await Prometheus.start({
		folder: temporaryFolder(),
		port: await freePort(),
		agentPort,
		token,
		ruleFiles: [deployed("alerts.yml")],
	});
	onTestFinished(() => prometheus.stop());
	return prometheus;
}
