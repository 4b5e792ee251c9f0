# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gnt_group_global_optspecs
    string join \n state-dir= d/debug q/quiet v/verbose json h/help V/version
end

function __fish_gnt_group_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gnt_group_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gnt_group_using_subcommand
    set -l cmd (__fish_gnt_group_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gnt-group -n "__fish_gnt_group_needs_command" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_needs_command" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -s V -l version -d 'Print version'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "add" -d 'Add a node group'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "assign-nodes" -d 'Put nodes into a group'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "evacuate" -d 'Empty a group: bring its instances to other groups'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "info" -d 'Show all that is known of groups'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "show" -d 'Show all that is known of groups'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "list" -d 'List groups'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "list-fields" -d 'Explain the fields of the list'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "remove" -d 'Remove an empty group'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "modify" -d 'Change what a group allows'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "rename" -d 'Give a group another name'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "show-ispecs-cmd" -d 'Show the command line that brings a group\'s instance policy about'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "list-tags" -d 'List the tags of a group'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "add-tags" -d 'Add tags to a group'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "remove-tags" -d 'Remove tags from a group'
complete -c gnt-group -n "__fish_gnt_group_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l alloc-policy -d 'May instances be placed in it: preferred, last_resort or unallocable' -r -f -a "preferred\t'First choice'
last_resort\t'Only when no preferred group has room'
unallocable\t'Never, unless named'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l node-parameters -d 'Node parameters of its nodes, such as ssh_port=22' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -s D -l disk-parameters -d 'Disk parameters, such as drbd:resync-rate=61440; kept as data; may be repeated' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l ipolicy-bounds-specs -d 'What an instance has at least and at most, such as min:cpu-count=1,…/max:cpu-count=8,…; several ranges are separated by //' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l ipolicy-disk-templates -d 'The disk templates that are allowed, separated by commas' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l ipolicy-vcpu-ratio -d 'Virtual CPUs for each CPU of a node' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l ipolicy-spindle-ratio -d 'Spindles in use for each spindle of a node' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l submit -d 'Submit and leave at once'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l submit -d 'Submit and leave at once'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand assign-nodes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l to -d 'Where instances may go; all other groups if none is given' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -s I -l iallocator -d 'Let this allocator choose' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l parallel -d 'Run at most so many jobs at once' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l bandwidth -d 'Send at most so many MiB a second, in each migration' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l migration-downtime -d 'How many milliseconds a guest may stand still at the end' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l migration-timeout -d 'How long one migration may take, such as 10m' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l on-timeout -d 'What then: abort (it stays), suspend (it stands still until it is there) or wait [else: abort]' -r -f -a "abort\t'It is given up: the instance runs on where it was'
suspend\t'The guest stands still until it is over; it runs where it was moved to'
wait\t'It goes on'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l deadline -d 'Begin no job after this: 90m, 23:30, 2026-11-26T23:30' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l on-deadline -d 'What then: stop, cancel (what runs, too) or leave (all goes on) [else: stop]' -r -f -a "stop\t'Those that have not begun are cancelled, the others come to their end'
cancel\t'All are cancelled'
leave\t'All go on; who waits for them waits no longer'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l early-release -d 'Give old copies up before the new ones are in sync'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l sequential -d 'One instance after the other'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l force-failover -d 'Stop instances and start them elsewhere, rather than migrate them'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l allow-partial -d 'Move those that can move even if others cannot'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l submit -d 'Submit and leave at once'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand evacuate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand info" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand info" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand info" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand info" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand info" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -l watch -d 'Show it again on changes and every SECONDS [else: 2]' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -s o -l output -d 'Fields to show, separated by commas; +FIELDS adds to the usual ones' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -l separator -d 'Put this between fields, and no padding' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -l units -d 'Show sizes in h (readable), m, g or t' -r -f -a "h\t'Whichever reads best, with the unit\'s letter'
m\t'MiB'
g\t'GiB'
t\t'TiB'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -s F -l filter -d 'The argument is a filter, even if it could be a name'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -l no-headers -d 'No line of titles'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-fields" -l separator -d 'Put this between columns, and no padding' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-fields" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-fields" -l no-headers -d 'No line of titles'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-fields" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-fields" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-fields" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-fields" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-fields" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l submit -d 'Submit and leave at once'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l alloc-policy -d 'May instances be placed in it: preferred, last_resort or unallocable' -r -f -a "preferred\t'First choice'
last_resort\t'Only when no preferred group has room'
unallocable\t'Never, unless named'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l node-parameters -d 'Node parameters of its nodes, such as ssh_port=22; -KEY goes back to the cluster\'s' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -s D -l disk-parameters -d 'Disk parameters, such as drbd:resync-rate=61440; kept as data; may be repeated' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l ipolicy-bounds-specs -d 'What an instance has at least and at most, such as min:cpu-count=1,…/max:cpu-count=8,…; several ranges are separated by //' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l ipolicy-disk-templates -d 'The disk templates that are allowed, separated by commas' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l ipolicy-vcpu-ratio -d 'Virtual CPUs for each CPU of a node' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l ipolicy-spindle-ratio -d 'Spindles in use for each spindle of a node' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l submit -d 'Submit and leave at once'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand modify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l submit -d 'Submit and leave at once'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show-ispecs-cmd" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show-ispecs-cmd" -l include-defaults -d 'Also what it has from the cluster'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show-ispecs-cmd" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show-ispecs-cmd" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show-ispecs-cmd" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show-ispecs-cmd" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand show-ispecs-cmd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-tags" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand list-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l from -d 'Those in this file as well, one a line; - is standard input' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l submit -d 'Submit and leave at once'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand add-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l from -d 'Those in this file as well, one a line; - is standard input' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_group_names)'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l submit -d 'Submit and leave at once'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -l json -d 'Print one JSON document'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand remove-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "add" -d 'Add a node group'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "assign-nodes" -d 'Put nodes into a group'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "evacuate" -d 'Empty a group: bring its instances to other groups'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "info" -d 'Show all that is known of groups'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "list" -d 'List groups'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "list-fields" -d 'Explain the fields of the list'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "remove" -d 'Remove an empty group'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "modify" -d 'Change what a group allows'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "rename" -d 'Give a group another name'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "show-ispecs-cmd" -d 'Show the command line that brings a group\'s instance policy about'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "list-tags" -d 'List the tags of a group'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "add-tags" -d 'Add tags to a group'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "remove-tags" -d 'Remove tags from a group'
complete -c gnt-group -n "__fish_gnt_group_using_subcommand help; and not __fish_seen_subcommand_from add assign-nodes evacuate info list list-fields remove modify rename show-ispecs-cmd list-tags add-tags remove-tags help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'

function __fish_gnt_group_names
    set -l words (commandline -opc)
    $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null | string replace -r -- '^--[^=]*=' ''
end
complete -c gnt-group -n 'set -g __fish_gnt_group_names (__fish_gnt_group_names); test -n "$__fish_gnt_group_names"' -f -a '$__fish_gnt_group_names'
