/// The rules of a rollout engine of the field, as a plan.
public enum RolloutPreset: String, CaseIterable, Hashable, Sendable {
    case kubernetes
    case argo = "argo-rollouts"
    case flagger
    case awsIoT = "aws-iot-jobs"
    case awsSSM = "aws-ssm"
    case awsAppConfig = "aws-appconfig"
    case bindplane, ampora
    case elasticFleet = "elastic-fleet"
}
