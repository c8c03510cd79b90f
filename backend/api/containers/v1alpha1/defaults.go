package v1alpha1

// SetDefaults_ContainerSpec makes "hands off" the wish of whoever says nothing.
//
//nolint:revive,staticcheck // defaulter-gen finds the function by this name
func SetDefaults_ContainerSpec(s *ContainerSpec) {
	if s.State == "" {
		s.State = DesiredUnknown
	}
}
