import { encryptWith } from "@clef-sh/testkit/aws-kms-key";
import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { sealEnvelope } from "@clef-sh/testkit/envelopes";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { onTestFinished } from "vitest";
import { Prometheus } from "../scripts/observability/prometheus.js";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { deployed } from "./observability-files.js";
import { temporaryFolder } from "./temporary-folder.js";

const TWO_HOURS_MS = 7_200_000;

function inMs(ms: number): string {
	return new Date(Date.now() + ms).toISOString();
}

/** An agent whose data key a KMS wraps, since only that one measures everything, and a Prometheus that scrapes it. */
export class ObservedAgent {
	private constructor(
		readonly agent: AgentProcess,
		readonly prometheus: Prometheus,
		readonly kms: AwsKmsServer,
		readonly publish: (body: Uint8Array | string, status?: number) => Promise<void>,
		readonly seal: (revision: number) => Promise<Uint8Array>,
		readonly deny: (isDenied: boolean) => void,
	) {}

	/** The agent listens and has nothing to serve yet. */
	static async start(): Promise<ObservedAgent> {
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
		const publish = async (body: Uint8Array | string, status = 200): Promise<void> => {
			const before = source.requests.length;
			source.respondWith(status === 200 ? behaviours.ok(body) : behaviours.status(status));
			agent.signal("SIGHUP");
			await eventually("a poll", () => source.requests.length > before);
		};
		const seal = (revision: number): Promise<Uint8Array> =>
			sealEnvelope({
				provider: "aws",
				keyId: key.arn,
				wrap: (dataKey) => encryptWith(key, dataKey),
				revision: `r${revision}`,
				packedAt: inMs((revision - 100) * 1000),
				expiresAt: inMs(TWO_HOURS_MS),
				secrets: { REVISION: String(revision) },
			});
		const deny = (isDenied: boolean): void => {
			if (isDenied) key.denied.add("Decrypt");
			else key.denied.clear();
		};
		return new ObservedAgent(agent, await scraping(agent.port), kms, publish, seal, deny);
	}

	/** Makes everything happen that the alerts and the panels are about; afterwards the agent serves. */
	async drive(): Promise<void> {
		const { agent } = this;
		await this.#ask();
		const first = await this.seal(1);
		await this.#takes(first, 1);
		await this.#scraped("the first revision", 'clef_cache_state{clef_state="ready"} == 1');
		await this.#takes(await this.seal(2), 2);
		await this.#ask();
		await agent.get("/v1/secrets", { authorization: "Bearer wrong" });
		await this.#fails("SOURCE_BAD_RESPONSE", "", 500);
		await this.#fails("ARTIFACT_ROLLED_BACK", first);
		await this.#fails("ARTIFACT_MALFORMED", "{}");
		this.deny(true);
		await this.#fails("DECRYPT_UNWRAP_FAILED", await this.seal(3));
		this.deny(false);
		await this.#takes(await this.seal(4), 4);
		await this.#ask();
	}

	/** The text that Prometheus gets. */
	async text(): Promise<string> {
		return (await this.agent.get("/v1/metrics")).text;
	}

	async #ask(): Promise<void> {
		for (const path of ["/v1/ready", "/v1/health", "/v1/secrets", "/v1/secrets/REVISION", "/v1/keys", "/v1/none"]) {
			await this.agent.get(path);
		}
	}

	async #takes(artifact: Uint8Array, revision: number): Promise<void> {
		await this.publish(artifact);
		await this.agent.serves({ REVISION: String(revision) });
	}

	async #fails(code: string, body: Uint8Array | string, status?: number): Promise<void> {
		await this.publish(body, status);
		await this.#scraped(code, `clef_refresh_duration_seconds_count{error_type="${code}"} > 0`);
	}

	#scraped(what: string, expr: string): Promise<boolean> {
		return eventually(`${what} in Prometheus`, async () => (await this.prometheus.query(expr)).length > 0);
	}
}

async function scraping(agentPort: number): Promise<Prometheus> {
	const prometheus = await Prometheus.start({
		folder: temporaryFolder(),
		port: await freePort(),
		agentPort,
		token: TOKEN,
		ruleFiles: [deployed("alerts.yml")],
	});
	onTestFinished(() => prometheus.stop());
	return prometheus;
}
