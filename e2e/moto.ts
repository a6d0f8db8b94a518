import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { it, onTestFinished } from "vitest";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";

const present = spawnSync("python3", ["-c", "import moto.server"]).status === 0;

/** `it` for tests that need moto; where it is missing they are skipped and say so, in CI too. */
export function itWithMoto(title: string, test: () => Promise<void>): void {
	if (present) it(title, test, 60_000);
	else it.skip(`${title} (needs moto for python3, which is not installed)`, test);
}

/** A key pair of a user that moto made. */
export interface MotoKeys {
	readonly AWS_ACCESS_KEY_ID: string;
	readonly AWS_SECRET_ACCESS_KEY: string;
}

/** AWS on 127.0.0.1, which verifies signatures and enforces IAM policies for everybody but its own methods. */
export class Moto {
	readonly url: string;

	private constructor(port: number) {
		this.url = `http://127.0.0.1:${port}`;
	}

	/** Starts it for one test. */
	static async start(): Promise<Moto> {
		const port = await freePort();
		const moto = new Moto(port);
		const child = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
			stdio: "ignore",
		});
		onTestFinished(async () => {
			child.kill("SIGKILL");
			if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
		});
		await eventually("moto to start", async () => {
			const response = await fetch(`${moto.url}/moto-api/data.json`).catch(() => undefined);
			return response?.ok;
		});
		return moto;
	}

	/** Makes a user that may do what this policy's statement allows. */
	async user(name: string, statement: object): Promise<MotoKeys> {
		await this.#iam({ Action: "CreateUser", UserName: name });
		await this.allow(name, statement);
		const xml = await this.#iam({ Action: "CreateAccessKey", UserName: name });
		const [, AWS_ACCESS_KEY_ID = ""] = /<AccessKeyId>(.*?)</.exec(xml) ?? [];
		const [, AWS_SECRET_ACCESS_KEY = ""] = /<SecretAccessKey>(.*?)</.exec(xml) ?? [];
		return { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
	}

	/** Replaces what a user may do. */
	async allow(name: string, statement: object): Promise<void> {
		const policy = JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", ...statement } });
		const user = { UserName: name, PolicyName: "only", PolicyDocument: policy };
		await this.#iam({ Action: "PutUserPolicy", ...user });
	}

	/** Calls KMS past all policies; binary fields are base64 text. */
	async kms(operation: string, input: object): Promise<Readonly<Record<string, unknown>>> {
		const headers = {
			"x-amz-target": `TrentService.${operation}`,
			"content-type": "application/x-amz-json-1.1",
		};
		const init = { method: "POST", headers, body: JSON.stringify(input) };
		return (await this.#asRoot("kms", "/", init)).json() as Promise<Readonly<Record<string, unknown>>>;
	}

	/** Makes a bucket that keeps versions. */
	async bucket(name: string): Promise<void> {
		await this.#s3("PUT", name);
		const versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
		await this.#s3("PUT", `${name}?versioning`, versioning);
	}

	/** Stores an object; returns the version's id. */
	async put(path: string, body: string | Uint8Array): Promise<string> {
		return (await this.#s3("PUT", path, body)).headers.get("x-amz-version-id") ?? "";
	}

	async delete(path: string): Promise<void> {
		await this.#s3("DELETE", path);
	}

	#s3(method: string, path: string, body: string | Uint8Array = ""): Promise<Response> {
		return this.#asRoot("s3", `/${path}`, { method, body });
	}

	async #iam(parameters: Readonly<Record<string, string>>): Promise<string> {
		const body = new URLSearchParams({ Version: "2010-05-08", ...parameters });
		return (await this.#asRoot("iam", "/", { method: "POST", body })).text();
	}

	/** Moto enforces nothing while it is told not to; it takes the service from the unverified signature. */
	async #asRoot(service: string, path: string, init: RequestInit): Promise<Response> {
		const authorization = `AWS4-HMAC-SHA256 Credential=root/20300101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
		await this.#enforceAfter("inf");
		const response = await fetch(this.url + path, {
			...init,
			headers: { ...init.headers, authorization, connection: "close" },
		});
		await this.#enforceAfter("0");
		if (!response.ok) throw new RangeError(`moto answered ${response.status}: ${await response.text()}`);
		return response;
	}

	async #enforceAfter(requests: string): Promise<void> {
		await fetch(`${this.url}/moto-api/reset-auth`, { method: "POST", body: requests });
	}
}
