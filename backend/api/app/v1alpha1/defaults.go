package v1alpha1

// DefaultDisk is the size, in bytes, of a machine's disk that nobody chose.
const DefaultDisk = 64 << 30

// SetDefaults_AppSpec fills what the user left open. The provider is not defaulted here: which one is right
// depends on the machine, so the daemon chooses it when it creates the App.
//
//nolint:revive,staticcheck // defaulter-gen finds the function by this name
func SetDefaults_AppSpec(s *AppSpec) {
	if s.Namespace == "" {
		s.Namespace = DefaultNamespace
	}
	if s.ContainerEngine.Name == "" {
		s.ContainerEngine.Name = EngineMoby
	}
	if s.ContainerEngine.Provider == "" {
		s.ContainerEngine.Provider = ProviderHost
	}
}
