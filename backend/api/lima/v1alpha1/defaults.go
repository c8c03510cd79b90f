package v1alpha1

// SetDefaults_LimaVMSpec fills what the user left open.
//
//nolint:revive,staticcheck // defaulter-gen finds the function by this name
func SetDefaults_LimaVMSpec(s *LimaVMSpec) {
	if s.RestartPolicy == "" {
		s.RestartPolicy = RestartOnCrash
	}
}
