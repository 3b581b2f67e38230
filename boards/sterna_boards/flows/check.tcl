# Refuses before anything is built when pins are missing or the tool is another one.
cd [file dirname [file normalize [info script]]]

proc refuse {message} {
  puts stderr "ERROR: $message"
  exit 2
}

proc check_constraints {path} {
  set file [open $path]
  set missing {}
  foreach line [split [read $file] "\n"] {
    if {[string match "*FILL_IN*" $line]} {lappend missing $line}
  }
  close $file
  if {[llength $missing]} {
    refuse "$path: write the pins of your board where it says FILL_IN:\n[join $missing "\n"]"
  }
}

check_constraints $constraints
