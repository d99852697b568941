/**
 * The gateway: one OpenAI-shaped address in front of many models.
 *
 * ```ts
 * const config = loadConfig("loadline.yaml", process.env, { listen: { port: 8080 } });
 * const gateway = await createGateway(config, { clock, random, log });
 * const { url } = await gateway.start();
 * ```
 */
export { checkAuditProof } from "./audit-log/check-proof.ts";
export { type OfflineAudit, openOfflineAudit } from "./audit-log/offline.ts";
export type { AuditProof } from "./audit-log/prove.ts";
export type { PurgedChain } from "./audit-log/purge.ts";
export type { AuditProblem, AuditVerdict } from "./audit-log/verify.ts";
export { type BreakerSimulation, simulateBreaker } from "./breaker/simulate.ts";
export { environmentVariables } from "./config/environment.ts";
export { configSchema, type GatewayConfig } from "./config/schema.ts";
export { type TargetSchema, targetSchemas } from "./config/target-schemas.ts";
export { embeddedConfig } from "./config/embedded.ts";
export { type ConfigValues, type Environment, loadConfig } from "./config/load.ts";
export { type ConfigRow, configRows } from "./config/rows.ts";
export { Secret } from "./config/values.ts";
export { gatewayErrors } from "./errors.ts";
export type { DrainReport } from "./health/drain.ts";
export { explainStages } from "./pipeline/explain.ts";
export type { ExplainedOperation } from "./pipeline/stages.ts";
export { breakerSettingsOf } from "./routing/states.ts";
export { examineParts } from "./examine/examine.ts";
export type { PartFinding } from "./examine/finding.ts";
export { configWarnings } from "./config/warnings.ts";
export type { Gateway, GatewayDeps } from "./gateway.ts";
export { createGateway } from "./server.ts";
export { explainWorkers } from "./workers/explain.ts";
export { openGateway } from "./workers/supervisor.ts";
export { checkWatched, type WatchedFigure } from "./telemetry/alerts/check.ts";
export { rulesDocument, rulesFile } from "./telemetry/alerts/rules-file.ts";
export { gatewaySloSeries } from "./telemetry/alerts/slo-series.ts";
export { certificatePlaces, type CertificateView, describeCertificates } from "./tls/describe.ts";
export type { SlotView } from "./models/index.ts";
export { readPem, type TlsPair } from "./tls/files.ts";
export { type KeyAlgorithm, keyAlgorithms } from "./tls/issue/certificate.ts";
export { issueCertificate, makeAuthority } from "./tls/issue/issue.ts";
export { readTls } from "./tls/wire.ts";
export { sqlUrl } from "./state/config.ts";
export { type Acting, defaultTenant, operator } from "./identity/acting.ts";
export type { KeyInfo } from "./identity/keys/key-info.ts";
export type { CreatedKey, KeyCheck, KeyService } from "./identity/keys/key-service.ts";
export type { NewKey } from "./identity/keys/fields.ts";
export { type OpenedServices, openIdentityServices } from "./identity/open-services.ts";
export type { PepperStatus } from "./identity/peppers.ts";
export { type Permission, permissions } from "./identity/permissions.ts";
export { allRoles, permissionsOfRole, readRole } from "./identity/roles.ts";
export type { GrantInfo, RoleService } from "./identity/users/role-service.ts";
export type { UserInfo, UserService } from "./identity/users/user-service.ts";
