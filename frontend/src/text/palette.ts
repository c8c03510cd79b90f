// What the palette says.

export const palette = {
  page: 'Page',
  container: 'Container',
  project: 'Project',
  logsOfAll: (project: string): string => `Logs of all of ${project}`,
  action: 'Action',
  found: 'What can be done',
  nothing: 'Nothing fits.',
  logs: (name: string): string => `Logs of ${name}`,
  unused: {
    images: (n: number): string => `Select unused images (${String(n)})`,
    volumes: (n: number): string => `Select unused volumes (${String(n)})`,
    networks: (n: number): string => `Select unused networks (${String(n)})`,
  },
  chosen: (n: number): string => `${String(n)} selected containers`,
}
