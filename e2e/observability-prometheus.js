// A real Prometheus on 127.0.0.1 that scrapes agents, for the picture of the dashboard and for its tests.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const READY_WITHIN_MS = 20_000;

/**
 * @typedef {object} Sample
 * @property {Readonly<Record<string, string>>} metric
 * @property {[number, string]} [value] of an instant query
 * @property {[number, string][]} [values] of a range query
 */

/**
 * @typedef {object} Rule
 * @property {string} name
 * @property {string} health
 * @property {string} [lastError]
 * @property {{ state: string, annotations: Record<string, string>, labels: Record<string, string> }[]} alerts
 */

/**
 * @typedef {object} PrometheusOptions
 * @property {string} folder where it may write
 * @property {number} port
 * @property {number} agentPort
 * @property {string} token the agent's
 * @property {string} [scrapeInterval]
 * @property {readonly string[]} [ruleFiles]
 */

/**
 * What Prometheus answers; which of the data there are depends on what was asked.
 * @typedef {object} Answer
 * @property {string} status
 * @property {string} [error]
 * @property {{ result: Sample[], groups: { rules: Rule[] }[], activeTargets: Target[] }} data
 */

/** @typedef {{ health: string, lastError: string }} Target */

/** Started, and asked over its own HTTP API. */
export class Prometheus {
	#child;
	#exited;
	#stderr = "";

	/** @param {import("node:child_process").ChildProcess} child @param {string} url */
	constructor(child, url) {
		this.url = url;
		this.#child = child;
		this.#exited = once(child, "exit");
		child.stderr?.setEncoding("utf8").on("data", (text) => {
			this.#stderr += text;
		});
	}

	/**
	 * @param {PrometheusOptions} options
	 * @returns {Promise<Prometheus>}
	 */
	static async start(options) {
		const child = spawn("prometheus", startArguments(options), { stdio: ["ignore", "ignore", "pipe"] });
		const prometheus = new Prometheus(child, `http://127.0.0.1:${options.port}`);
		const deadline = Date.now() + READY_WITHIN_MS;
		while (!(await prometheus.#isReady())) {
			if (child.exitCode !== null || Date.now() > deadline) {
				await prometheus.stop();
				throw new RangeError(`Prometheus does not become ready: ${prometheus.#stderr}`);
			}
			await sleep(50);
		}
		return prometheus;
	}

	/**
	 * Instant query; what Prometheus does not accept rejects with its own words.
	 * @param {string} expr
	 * @returns {Promise<Sample[]>}
	 */
	async query(expr) {
		return (await this.#get("query", { query: expr })).result;
	}

	/**
	 * @param {string} expr
	 * @param {{ start: number, end: number, step: number }} range in epoch seconds
	 * @returns {Promise<Sample[]>}
	 */
	async queryRange(expr, { start, end, step }) {
		const range = { start: String(start), end: String(end), step: String(step) };
		return (await this.#get("query_range", { query: expr, ...range })).result;
	}

	/** @returns {Promise<Rule[]>} */
	async rules() {
		const { groups } = await this.#get("rules", {});
		return groups.flatMap(({ rules }) => rules);
	}

	/** Its own account of the last scrape: empty when that went well. */
	async scrapeErrors() {
		const { activeTargets } = await this.#get("targets", {});
		return activeTargets.filter(({ health }) => health !== "up").map(({ lastError }) => lastError);
	}

	async stop() {
		this.#child.kill("SIGKILL");
		await this.#exited;
	}

	async #isReady() {
		return fetch(`${this.url}/-/ready`).then(
			({ ok }) => ok,
			() => false,
		);
	}

	/** @param {string} path @param {Record<string, string>} parameters */
	async #get(path, parameters) {
		const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
		const { status, data, error } = /** @type {Answer} */ (await response.json());
		if (status !== "success") throw new RangeError(`${error}, asked for ${JSON.stringify(parameters)}`);
		return data;
	}
}

/** @param {PrometheusOptions} options */
function startArguments({ folder, port, agentPort, token, scrapeInterval = "200ms", ruleFiles = [] }) {
	mkdirSync(folder, { recursive: true });
	const tokenFile = join(folder, "token");
	writeFileSync(tokenFile, token, { mode: 0o600 });
	const configuration = join(folder, "prometheus.json");
	// JSON is YAML too. The scrape is the one that deploy/observability/README.md shows.
	const scrape = {
		job_name: "clef-agent",
		metrics_path: "/v1/metrics",
		authorization: { credentials_file: tokenFile },
		static_configs: [{ targets: [`127.0.0.1:${agentPort}`] }],
	};
	const global = {
		scrape_interval: scrapeInterval,
		scrape_timeout: scrapeInterval,
		evaluation_interval: scrapeInterval,
	};
	writeFileSync(configuration, JSON.stringify({ global, rule_files: ruleFiles, scrape_configs: [scrape] }));
	return [
		`--config.file=${configuration}`,
		`--storage.tsdb.path=${join(folder, "tsdb")}`,
		`--web.listen-address=127.0.0.1:${port}`,
		"--log.level=warn",
	];
}
