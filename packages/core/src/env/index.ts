export { configFromEnvironment } from "./config-from-environment.js";
export type { AgentSettings, EnvironmentConfig } from "./environment-config.js";
export { ENVIRONMENT_VARIABLES } from "./environment-variables.js";
export type { ReadFile } from "./given-text.js";
export type { ListenerChoice, SocketChoice } from "./listener-choice.js";
export type { VariableDescription } from "./variable.js";
