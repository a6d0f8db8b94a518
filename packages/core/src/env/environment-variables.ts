import * as serving from "./serving-variables.js";
import * as source from "./source-variables.js";
import type { VariableDescription } from "./variable.js";

/** Every variable the agent knows, in the order of the reference page that is generated from it. */
export const ENVIRONMENT_VARIABLES: readonly VariableDescription[] = [
	source.SOURCE,
	source.SOURCE_TOKEN,
	serving.AGE_KEY,
	serving.VERIFY_KEY,
	serving.IDENTITY,
	serving.ENVIRONMENT,
	serving.CACHE_TTL,
	serving.PORT,
	serving.SOCKET,
	serving.SOCKET_MODE,
	serving.SOCKET_AUTH,
	serving.TOKEN,
	serving.ID,
	serving.LOG_LEVEL,
	serving.LOG_FORMAT,
	source.MAX_ARTIFACT_BYTES,
	source.VCS_PROVIDER,
	source.VCS_REPO,
	source.VCS_TOKEN,
	source.VCS_IDENTITY,
	source.VCS_ENVIRONMENT,
	source.VCS_REF,
	source.VCS_API_URL,
	source.VCS_APP_ID,
	source.VCS_APP_INSTALLATION_ID,
	source.VCS_APP_PRIVATE_KEY,
	serving.CACHE_PATH,
	serving.LAMBDA_INIT,
	serving.TELEMETRY_URL,
	serving.METRICS,
];
