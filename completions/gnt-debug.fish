# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gnt_debug_global_optspecs
    string join \n state-dir= d/debug q/quiet v/verbose json h/help V/version
end

function __fish_gnt_debug_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gnt_debug_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gnt_debug_using_subcommand
    set -l cmd (__fish_gnt_debug_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -s V -l version -d 'Print version'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -f -a "delay" -d 'Run a job that only waits'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -f -a "submit-job" -d 'Submit jobs from files, each a JSON list of opcodes'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -f -a "fault" -d 'Make the simulator fail'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -f -a "iallocator" -d 'Show what an allocator is asked, or what it answers'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -f -a "allocator" -d 'Show what an allocator is asked, or what it answers'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -f -a "locks" -d 'List the locks that are held or waited for'
complete -c gnt-debug -n "__fish_gnt_debug_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -s n -l node -d 'Lock this node meanwhile; may be repeated' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -s r -l repeat -d 'So many times more' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l no-master -d 'Not on the master; accepted, without effect'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -s l -l no-locks -d 'Take no locks'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l submit -d 'Submit and leave at once'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand delay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l job-repeat -d 'Submit each job so many times' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l op-repeat -d 'Repeat the opcodes of each job so many times' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l timing-stats -d 'Print how long it took'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l submit -d 'Submit and leave at once'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand submit-job" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -f -a "add" -d 'Switch a fault on'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -f -a "list" -d 'List the faults that are on'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -f -a "clear" -d 'Switch faults off'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and not __fish_seen_subcommand_from add list clear help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -s n -l node -d 'Only on this node' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -s i -l instance -d 'Only with this instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -l verb -d 'Only this verb, such as migrate' -r -f -a "start\t'Start an instance'
stop\t'Stop it'
reboot\t'Reboot it'
migrate\t'Move it while it runs'
sync\t'Bring a copy of its disks in sync'
blank-copy\t'Make an empty copy, which counts as whole'
drop-copy\t'Remove a copy'
activate\t'Make its disks usable on a node'
deactivate\t'Let go of its disks on a node'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -l at -d 'How far the verb gets, in per cent' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -l probability -d 'How often, from 0 to 1' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -l seed -d 'Where the chances start' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -l times -d 'Switch it off after so many times' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -l factor -d 'How many times slower the node is' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -s o -l output -d 'Fields to show, separated by commas; +FIELDS adds to the usual ones' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -l separator -d 'Put this between fields, and no padding' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -l units -d 'Show sizes in h (readable), m, g or t' -r -f -a "h\t'Whichever reads best, with the unit\'s letter'
m\t'MiB'
g\t'GiB'
t\t'TiB'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -l no-headers -d 'No line of titles'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from clear" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from clear" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from clear" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from clear" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from clear" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from clear" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from help" -f -a "add" -d 'Switch a fault on'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the faults that are on'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from help" -f -a "clear" -d 'Switch faults off'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand fault; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l dir -d 'What is shown: in (what it is asked) or out (what it answers)' -r -f -a "in\t'What it is asked'
out\t'What it answers'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -s m -l mode -d 'What is asked: allocate, multi-allocate, relocate, node-evacuate or change-group' -r -f -a "allocate\t'The nodes of a new instance'
multi-allocate\t'Those of several'
relocate\t'Another node for one role of an instance'
node-evacuate\t'Other nodes for instances that leave theirs'
change-group\t'Nodes in other groups'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -s I -l iallocator -d 'Who is asked [else: whoever chooses by default]' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l evac-mode -d 'Which role leaves: primary-only, secondary-only or all' -r -f -a "primary-only\t'Instances whose primary node it is move away'
secondary-only\t'Instances whose secondary node it is get another one'
all\t'Both'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l target-groups -d 'The groups to which instances may go [else: all others]' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l memory -d 'Memory of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l disks -d 'Disks of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -s t -l disk-template -d 'How the disks of a new instance are kept [else: as the cluster does first]' -r -f -a "diskless\t'No disks: moves anywhere'
file\t'A file on one node'
sharedfile\t'A file that every node sees'
plain\t'A logical volume on one node'
blockdev\t'A device made beforehand that every node sees'
drbd\t'Mirrored between a primary and a secondary node'
rbd\t'A RADOS block device'
ext\t'A provider outside'
gluster\t'A Gluster volume'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l nics -d 'MAC addresses of a new instance\'s network interfaces' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -s o -l os-type -d 'Operating system of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -s p -l vcpus -d 'Virtual CPUs of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l tags -d 'Tags of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l spindle-use -d 'Spindles that a new instance uses' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l count -d 'How many new instances' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l submit -d 'Submit and leave at once'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand iallocator" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l dir -d 'What is shown: in (what it is asked) or out (what it answers)' -r -f -a "in\t'What it is asked'
out\t'What it answers'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -s m -l mode -d 'What is asked: allocate, multi-allocate, relocate, node-evacuate or change-group' -r -f -a "allocate\t'The nodes of a new instance'
multi-allocate\t'Those of several'
relocate\t'Another node for one role of an instance'
node-evacuate\t'Other nodes for instances that leave theirs'
change-group\t'Nodes in other groups'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -s I -l iallocator -d 'Who is asked [else: whoever chooses by default]' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l evac-mode -d 'Which role leaves: primary-only, secondary-only or all' -r -f -a "primary-only\t'Instances whose primary node it is move away'
secondary-only\t'Instances whose secondary node it is get another one'
all\t'Both'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l target-groups -d 'The groups to which instances may go [else: all others]' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l memory -d 'Memory of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l disks -d 'Disks of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -s t -l disk-template -d 'How the disks of a new instance are kept [else: as the cluster does first]' -r -f -a "diskless\t'No disks: moves anywhere'
file\t'A file on one node'
sharedfile\t'A file that every node sees'
plain\t'A logical volume on one node'
blockdev\t'A device made beforehand that every node sees'
drbd\t'Mirrored between a primary and a secondary node'
rbd\t'A RADOS block device'
ext\t'A provider outside'
gluster\t'A Gluster volume'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l nics -d 'MAC addresses of a new instance\'s network interfaces' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -s o -l os-type -d 'Operating system of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -s p -l vcpus -d 'Virtual CPUs of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l tags -d 'Tags of a new instance' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l spindle-use -d 'Spindles that a new instance uses' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l count -d 'How many new instances' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l submit -d 'Submit and leave at once'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand allocator" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -l interval -d 'Show them again every so often' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -s o -l output -d 'Fields to show, separated by commas; +FIELDS adds to the usual ones' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -l separator -d 'Put this between fields, and no padding' -r -f -a '(__fish_gnt_debug_names)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -l units -d 'Show sizes in h (readable), m, g or t' -r -f -a "h\t'Whichever reads best, with the unit\'s letter'
m\t'MiB'
g\t'GiB'
t\t'TiB'"
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -l no-headers -d 'No line of titles'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -l json -d 'Print one JSON document'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand locks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand help; and not __fish_seen_subcommand_from delay submit-job fault iallocator locks help" -f -a "delay" -d 'Run a job that only waits'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand help; and not __fish_seen_subcommand_from delay submit-job fault iallocator locks help" -f -a "submit-job" -d 'Submit jobs from files, each a JSON list of opcodes'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand help; and not __fish_seen_subcommand_from delay submit-job fault iallocator locks help" -f -a "fault" -d 'Make the simulator fail'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand help; and not __fish_seen_subcommand_from delay submit-job fault iallocator locks help" -f -a "iallocator" -d 'Show what an allocator is asked, or what it answers'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand help; and not __fish_seen_subcommand_from delay submit-job fault iallocator locks help" -f -a "locks" -d 'List the locks that are held or waited for'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand help; and not __fish_seen_subcommand_from delay submit-job fault iallocator locks help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand help; and __fish_seen_subcommand_from fault" -f -a "add" -d 'Switch a fault on'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand help; and __fish_seen_subcommand_from fault" -f -a "list" -d 'List the faults that are on'
complete -c gnt-debug -n "__fish_gnt_debug_using_subcommand help; and __fish_seen_subcommand_from fault" -f -a "clear" -d 'Switch faults off'

function __fish_gnt_debug_names
    set -l words (commandline -opc)
    $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null | string replace -r -- '^--[^=]*=' ''
end
complete -c gnt-debug -n 'set -g __fish_gnt_debug_names (__fish_gnt_debug_names); test -n "$__fish_gnt_debug_names"' -f -a '$__fish_gnt_debug_names'
