import type { KmsOptions } from "@clef-sh/decryptors";
import { crc32c } from "@clef-sh/testkit/gcp-crc32c";
import { KMS_KEYS, wrapOrUnwrap } from "./sealed-envelopes.js";

/** What is used of a request of the Azure SDK. */
interface AzureRequest {
	readonly body?: unknown;
	readonly headers: { get(name: string): string | undefined };
}

const CHALLENGE =
	'Bearer authorization="https://login.microsoftonline.com/fuzz", resource="https://vault.azure.net"';

/** Clients of all three KMSes that unwrap in this process: any wrapped key of any length, whoever asks. */
export const KMS_STAND_INS: KmsOptions = {
	aws: {
		send: async ({ input }) => ({ Plaintext: wrapOrUnwrap(input.CiphertextBlob ?? new Uint8Array()) }),
	},
	gcp: {
		client: {
			request: async ({ data }) => {
				const key = wrapOrUnwrap(Buffer.from(String(Object(data).ciphertext), "base64"));
				return { data: { plaintext: key.toString("base64"), plaintextCrc32c: crc32c(key) } };
			},
		},
	},
	azure: {
		credential: { getToken: async () => ({ token: "stand-in", expiresOnTimestamp: Date.now() + 3_600_000 }) },
		clientOptions: { httpClient: { sendRequest: async (request: AzureRequest) => azureAnswer(request) } },
	},
};

/** As a vault does it, the SDK is first told which token it needs. */
function azureAnswer(request: AzureRequest): object {
	if (request.headers.get("authorization") === undefined) {
		return {
			request,
			status: 401,
			headers: azureHeaders({ "www-authenticate": CHALLENGE }),
			bodyAsText: "{}",
		};
	}
	const { value = "" } = JSON.parse(String(request.body));
	const key = wrapOrUnwrap(Buffer.from(value, "base64url"));
	const bodyAsText = JSON.stringify({ kid: KMS_KEYS.azure, value: key.toString("base64url") });
	return { request, status: 200, headers: azureHeaders({ "content-type": "application/json" }), bodyAsText };
}

function azureHeaders(headers: Readonly<Record<string, string>>): object {
	return Object.assign(new Headers(headers), { toJSON: () => headers });
}
