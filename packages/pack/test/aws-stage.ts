import { AwsKmsServer } from "@clef-sh/testkit/aws-kms-server";
import { onTestFinished, vi } from "vitest";

/** Every variable through which the machine that runs the tests could join in. */
const AWS_VARIABLES = [
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AWS_PROFILE",
	"AWS_REGION",
	"AWS_DEFAULT_REGION",
	"AWS_ENDPOINT_URL",
	"AWS_ENDPOINT_URL_KMS",
	"AWS_ROLE_ARN",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

/** Leaves exactly these AWS variables set, until the test is over. */
export function stubAws(environment: Readonly<Record<string, string>>): void {
	onTestFinished(() => {
		vi.unstubAllEnvs();
	});
	for (const name of AWS_VARIABLES) vi.stubEnv(name, undefined);
	vi.stubEnv("AWS_CONFIG_FILE", "/nowhere/config");
	vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials");
	vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
	for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
}

/** Starts AWS KMS on loopback, and lets the AWS SDK find it. */
export async function awsKms(): Promise<AwsKmsServer> {
	const server = await AwsKmsServer.start();
	onTestFinished(() => server.close());
	stubAws(server.environment());
	return server;
}

/** No test waits between attempts. */
export const HURRIED = { pausesMs: [0, 0] };
