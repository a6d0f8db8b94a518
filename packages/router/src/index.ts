export type { RouterOptions } from "./create-router.js";
export { createRouter } from "./create-router.js";
export { Changes } from "./push/changes.js";
export type { RefusalCode } from "./refusal.js";
export { RouterError } from "./router-error.js";
export type { RoutedAgent } from "./routes.js";
