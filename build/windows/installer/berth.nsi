; Berth's installer for Windows: for one user, without an administrator. build/cross.sh gives BIN, VERSION, ICON and OUT.
Unicode true
Name "Berth"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Berth"
InstallDirRegKey HKCU "Software\Berth" "InstallDir"
RequestExecutionLevel user
SetCompressor /SOLID lzma

!include "MUI2.nsh"
!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Berth"

Section "Berth"
  ; A running program cannot be replaced: the daemon of an older version is asked to end.
  IfFileExists "$INSTDIR\berth.exe" 0 +2
    nsExec::Exec '"$INSTDIR\berth.exe" quit'
  SetOutPath "$INSTDIR"
  File "${BIN}\berth.exe"
  File "${BIN}\berth-kubectl.exe"
  File "${BIN}\berth-lima.exe"
  File "${BIN}\lima-guestagent.Linux-x86_64"
  File "${BIN}\LICENSE.txt"
  File "${BIN}\THIRD-PARTY-NOTICES.txt"
  File "${BIN}\berth-desktop.exe"
  File "${BIN}\berth-tray.exe"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Berth.lnk" "$INSTDIR\berth-desktop.exe"

  WriteRegStr HKCU "Software\Berth" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Berth"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\berth-desktop.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The Berth developers"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1

  WriteRegStr HKCU "Software\Classes\berth" "" "URL:Berth"
  WriteRegStr HKCU "Software\Classes\berth" "URL Protocol" ""
  WriteRegStr HKCU "Software\Classes\berth\shell\open\command" "" '"$INSTDIR\berth-desktop.exe" "%1"'
SectionEnd

; Settings and data lie elsewhere, under the user's profile, and stay.
Section "Uninstall"
  nsExec::Exec '"$INSTDIR\berth.exe" quit'
  Delete "$INSTDIR\berth.exe"
  Delete "$INSTDIR\berth-kubectl.exe"
  Delete "$INSTDIR\berth-lima.exe"
  Delete "$INSTDIR\lima-guestagent.Linux-x86_64"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\THIRD-PARTY-NOTICES.txt"
  Delete "$INSTDIR\berth-desktop.exe"
  Delete "$INSTDIR\berth-tray.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\Berth.lnk"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "Software\Classes\berth"
  DeleteRegKey HKCU "Software\Berth"
SectionEnd
