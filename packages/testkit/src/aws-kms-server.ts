import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import {
	type AwsKeySpec,
	type AwsKmsKey,
	decryptWith,
	encryptWith,
	keyIdIn,
	makeAwsKey,
	signWith,
} from "./aws-kms-key.js";
import { type Behaviour, type RecordedRequest, startServer, type TestServer } from "./servers.js";
import {
	AWS_EXAMPLE_KEY_PAIR,
	type AwsKeyPair,
	hasValidSignature,
	isSignedNow,
	sigV4Claim,
} from "./sigv4.js";

/** What is asked for besides the defaults. */
export interface AwsKmsServerOptions {
	readonly credentials?: AwsKeyPair;
	readonly region?: string;

	/** Wall clock, epoch milliseconds. */
	readonly now?: () => number;
}

type Input = Readonly<Record<string, unknown>>;
type Operation = (key: AwsKmsKey, input: Input) => object;

/** A refusal as the KMS API reference names it. */
class Refusal extends Error {
	readonly code: string;
	readonly status: number;

	constructor(code: string, status = 400) {
		super(`${code}, as tests say it.`);
		this.code = code;
		this.status = status;
	}
}

/**
 * AWS KMS on 127.0.0.1 by its API reference: JSON 1.1, signature version 4 verified, keys with states, policies,
 * aliases; Encrypt, Decrypt, GenerateDataKey, Sign, GetPublicKey and DescribeKey.
 */
export class AwsKmsServer {
	readonly url: string;
	readonly requests: readonly RecordedRequest[];
	readonly region: string;

	/** The operations that were asked for, such as `Decrypt`, refused ones too; oldest first. */
	readonly operations: string[] = [];

	/** The only key pair it knows; a test may change it. */
	credentials: AwsKeyPair;
	readonly close: () => Promise<void>;

	/** Answers the coming requests with these instead, one each; the last stays. */
	readonly respondWith: TestServer["respondWith"];
	readonly #keys = new Map<string, AwsKmsKey>();
	readonly #now: () => number;

	private constructor(server: TestServer, options: AwsKmsServerOptions) {
		this.url = server.url;
		this.requests = server.requests;
		this.close = server.close;
		this.respondWith = server.respondWith;
		this.credentials = options.credentials ?? AWS_EXAMPLE_KEY_PAIR;
		this.region = options.region ?? "eu-central-1";
		this.#now = options.now ?? Date.now;
	}

	static async start(options: AwsKmsServerOptions = {}): Promise<AwsKmsServer> {
		const server = new AwsKmsServer(await startServer(), options);
		server.behaveWell();
		return server;
	}

	/** Ends what `respondWith` began. */
	behaveWell(): void {
		this.respondWith(this.behaviour);
	}

	/** What it does when it behaves well, to be put behind other behaviours. */
	readonly behaviour: Behaviour = (_request, response) => this.#answer(response);

	/** Environment variables with which the AWS SDK finds this server and may use its keys. */
	environment(): Record<string, string> {
		const { accessKeyId, secretAccessKey, sessionToken } = this.credentials;
		return {
			AWS_ENDPOINT_URL_KMS: this.url,
			AWS_REGION: this.region,
			AWS_ACCESS_KEY_ID: accessKeyId,
			AWS_SECRET_ACCESS_KEY: secretAccessKey,
			...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
			AWS_CONFIG_FILE: "/nowhere/config",
			AWS_SHARED_CREDENTIALS_FILE: "/nowhere/credentials",
			AWS_EC2_METADATA_DISABLED: "true",
		};
	}

	/** Makes a key, which `alias/<alias>` names too where one is given. */
	key(spec: AwsKeySpec = "SYMMETRIC_DEFAULT", alias?: string): AwsKmsKey {
		const key = makeAwsKey(spec, this.region);
		this.#keys.set(key.keyId, key).set(key.arn, key);
		if (alias !== undefined) {
			const name = `alias/${alias}`;
			this.#keys.set(name, key).set(key.arn.replace(/key\/.*$/, name), key);
		}
		return key;
	}

	/** Forgets a key with its material, as at the end of its waiting period. */
	delete(key: AwsKmsKey): void {
		for (const [name, each] of this.#keys) if (each === key) this.#keys.delete(name);
	}

	#answer(response: ServerResponse): void {
		// Behaviours run right after their request was noted, so the last one is this one.
		const request = this.requests.at(-1);
		const name = /^TrentService\.(\w+)$/.exec(String(request?.headers["x-amz-target"]))?.[1] ?? "";
		this.operations.push(name);
		try {
			if (request === undefined) throw new Refusal("KMSInternalException", 500);
			this.#authenticate(request);
			const input = JSON.parse(request.body) as Input;
			const operation = OPERATIONS.get(name);
			if (operation === undefined) throw new Refusal("UnknownOperationException");
			this.#send(response, 200, operation(this.#usable(input, name), input));
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			this.#send(response, error.status, { __type: error.code, message: error.message });
		}
	}

	#authenticate(request: RecordedRequest): void {
		const { accessKeyId, secretAccessKey, sessionToken } = this.credentials;
		const claim = sigV4Claim(request);
		if (claim === undefined) throw new Refusal("MissingAuthenticationTokenException");
		if (claim.accessKeyId !== accessKeyId) throw new Refusal("UnrecognizedClientException");
		if (request.headers["x-amz-security-token"] !== sessionToken) throw new Refusal("ExpiredTokenException");
		const isNow = isSignedNow(request, this.#now());
		const isHere = claim.region === this.region && claim.service === "kms";
		if (!(isNow && isHere && hasValidSignature(request, claim, secretAccessKey)))
			throw new Refusal("InvalidSignatureException");
	}

	/** The key that is meant; what stands in the way of using it is thrown. */
	#usable(input: Input, operation: string): AwsKmsKey {
		const named = input.KeyId ?? keyIdIn(bytesOf(input, "CiphertextBlob"));
		const key = this.#keys.get(String(named));
		if (key === undefined) throw new Refusal("NotFoundException");
		if (key.denied.has(operation)) throw new Refusal("AccessDeniedException");
		if (operation === "DescribeKey" || operation === "GetPublicKey") return key;
		if (key.state === "Disabled") throw new Refusal("DisabledException");
		if (key.state === "PendingDeletion") throw new Refusal("KMSInvalidStateException");
		return key;
	}

	#send(response: ServerResponse, status: number, output: object): void {
		const date = new Date(this.#now()).toUTCString();
		const headers = { date, "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "TX0" };
		response.writeHead(status, headers).end(JSON.stringify(output));
	}
}

/** Behaves as KMS does when it answers with one of its errors, whatever is asked. */
export function kmsRefusal(code: string, status = 400): Behaviour {
	return (_request, response) => {
		const body = JSON.stringify({ __type: code, message: `${code}, as tests say it.` });
		response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(body);
	};
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
	["Encrypt", (key, input) => encrypt(key, bytesOf(input, "Plaintext"), algorithmOf(key, input))],
	["Decrypt", decrypt],
	["GenerateDataKey", generateDataKey],
	["Sign", signMessage],
	["GetPublicKey", (key) => ({ ...described(key), PublicKey: publicKeyOf(key) })],
	["DescribeKey", (key) => ({ KeyMetadata: { ...described(key), Arn: key.arn, KeyState: key.state } })],
]);

function encrypt(key: AwsKmsKey, plaintext: Uint8Array, algorithm: string): object {
	const CiphertextBlob = encryptWith(key, plaintext, algorithm).toString("base64");
	return { KeyId: key.arn, CiphertextBlob, EncryptionAlgorithm: algorithm };
}

function decrypt(key: AwsKmsKey, input: Input): object {
	const [ciphertext, algorithm] = [bytesOf(input, "CiphertextBlob"), algorithmOf(key, input)];
	const named = keyIdIn(ciphertext);
	const isOther = /^[0-9a-f-]{36}$/.test(named) && named !== key.keyId;
	if (isOther) throw new Refusal("IncorrectKeyException");
	const plaintext = decryptWith(key, ciphertext, algorithm);
	if (plaintext === undefined) throw new Refusal("InvalidCiphertextException");
	return { KeyId: key.arn, Plaintext: plaintext.toString("base64"), EncryptionAlgorithm: algorithm };
}

function generateDataKey(key: AwsKmsKey, input: Input): object {
	if (key.spec !== "SYMMETRIC_DEFAULT") throw new Refusal("InvalidKeyUsageException");
	const plaintext = randomBytes(input.KeySpec === "AES_128" ? 16 : Number(input.NumberOfBytes ?? 32));
	const { CiphertextBlob, KeyId } = encrypt(key, plaintext, key.spec) as Input;
	return { KeyId, CiphertextBlob, Plaintext: plaintext.toString("base64") };
}

function signMessage(key: AwsKmsKey, input: Input): object {
	const message = bytesOf(input, "Message");
	const type = String(input.MessageType ?? "RAW");
	if (key.spec !== "ECC_NIST_P256" || input.SigningAlgorithm !== "ECDSA_SHA_256")
		throw new Refusal("InvalidKeyUsageException");
	const fits = type === "DIGEST" ? message.length === 32 : message.length > 0 && message.length <= 4096;
	if (!fits) throw new Refusal("ValidationException");
	const Signature = signWith(key, message, type).toString("base64");
	return { KeyId: key.arn, Signature, SigningAlgorithm: "ECDSA_SHA_256" };
}

function described(key: AwsKmsKey): object {
	const KeyUsage = key.spec === "ECC_NIST_P256" ? "SIGN_VERIFY" : "ENCRYPT_DECRYPT";
	return { KeyId: key.arn, KeySpec: key.spec, CustomerMasterKeySpec: key.spec, KeyUsage };
}

function publicKeyOf({ pair }: AwsKmsKey): string {
	if (pair === undefined) throw new Refusal("UnsupportedOperationException");
	return pair.publicKey.export({ format: "der", type: "spki" }).toString("base64");
}

/** The algorithm that is asked for, where the key has it. */
function algorithmOf(key: AwsKmsKey, input: Input): string {
	const asked = String(input.EncryptionAlgorithm ?? "SYMMETRIC_DEFAULT");
	const has = key.spec === "RSA_2048" ? /^RSAES_OAEP_SHA_(?:1|256)$/.test(asked) : asked === key.spec;
	if (!has || key.spec === "ECC_NIST_P256") throw new Refusal("InvalidKeyUsageException");
	return asked;
}

function bytesOf(input: Input, name: string): Buffer {
	return Buffer.from(String(input[name] ?? ""), "base64");
}
