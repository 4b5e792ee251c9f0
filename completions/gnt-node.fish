# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gnt_node_global_optspecs
    string join \n state-dir= d/debug q/quiet v/verbose json h/help V/version
end

function __fish_gnt_node_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gnt_node_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gnt_node_using_subcommand
    set -l cmd (__fish_gnt_node_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gnt-node -n "__fish_gnt_node_needs_command" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_needs_command" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -s V -l version -d 'Print version'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "add" -d 'Add a node to the cluster'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "evacuate" -d 'Empty a node: move its instances, and the copies of disks that it holds, elsewhere'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "failover" -d 'Fail over all instances that run on a node, such as a dead one'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "migrate" -d 'Migrate all instances that run on a node'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "info" -d 'Show all that is known of nodes'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "show" -d 'Show all that is known of nodes'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "list" -d 'List nodes'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "list-fields" -d 'Explain the fields of the list'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "modify" -d 'Change a node\'s flags or size'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "remove" -d 'Remove an empty node from the cluster'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "list-tags" -d 'List the tags of a node'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "add-tags" -d 'Add tags to a node'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "remove-tags" -d 'Remove tags from a node'
complete -c gnt-node -n "__fish_gnt_node_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l primary-ip -d 'Its primary IP address' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -s s -l secondary-ip -d 'Its secondary IP address' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -s g -l node-group -d 'Its node group' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l master-capable -d 'May it become master: yes or no' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l vm-capable -d 'May it hold instances: yes or no' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l capacity -d 'Its size, such as memory=64G,disk=1T,cpus=32' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l readd -d 'Bring back a node that the cluster knows'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l submit -d 'Submit and leave at once'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l node -d 'The node to empty' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -s n -l new-secondary -d 'Put all secondary copies on this node; implies -s' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -s I -l iallocator -d 'Let this allocator choose where they go' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l parallel -d 'Run at most so many jobs at once' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -s p -l primary-only -d 'Move only the instances that run on it'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -s s -l secondary-only -d 'Move only the secondary copies of disks that it holds'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l early-release -d 'Give the old copy up before the new one is in sync'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l allow-partial -d 'Move those that can move even if others cannot'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l ignore-soft-errors -d 'Accept placements that break only soft rules'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l submit -d 'Submit and leave at once'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand evacuate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -s I -l iallocator -d 'Let this allocator choose where they go' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -s n -l target-node -d 'Where those go that are not bound to a secondary' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l shutdown-timeout -d 'Seconds a guest is given to stop' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l parallel -d 'Run at most so many jobs at once' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l ignore-consistency -d 'Start from copies that are not in sync, also if the node cannot be told to stop'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l ignore-ipolicy -d 'Do not check the group\'s instance policy'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l allow-partial -d 'Move those that can move even if others cannot'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l ignore-soft-errors -d 'Accept placements that break only soft rules'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l submit -d 'Submit and leave at once'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand failover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l migration-mode -d 'live or non-live' -r -f -a "live\t'It runs on while its memory is copied'
non-live\t'It stands still while its memory is copied'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -s n -l target-node -d 'Where those go that are not bound to a secondary' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -s I -l iallocator -d 'Let this allocator choose where they go' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l parallel -d 'Run at most so many jobs at once' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l non-live -d 'Stand still while the memory is copied'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l ignore-ipolicy -d 'Do not check the group\'s instance policy'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l no-runtime-changes -d 'Do not change an instance\'s memory to make it fit'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l allow-partial -d 'Move those that can move even if others cannot'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l ignore-soft-errors -d 'Accept placements that break only soft rules'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l submit -d 'Submit and leave at once'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand migrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand info" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand info" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand info" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand info" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand info" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand show" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand show" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand show" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand show" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand show" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -l watch -d 'Show it again on changes and every SECONDS [else: 2]' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -s o -l output -d 'Fields to show, separated by commas; +FIELDS adds to the usual ones' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -l separator -d 'Put this between fields, and no padding' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -l units -d 'Show sizes in h (readable), m, g or t' -r -f -a "h\t'Whichever reads best, with the unit\'s letter'
m\t'MiB'
g\t'GiB'
t\t'TiB'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -s F -l filter -d 'The argument is a filter, even if it could be a name'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -l no-headers -d 'No line of titles'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-fields" -l separator -d 'Put this between columns, and no padding' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-fields" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-fields" -l no-headers -d 'No line of titles'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-fields" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-fields" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-fields" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-fields" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-fields" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -s C -l master-candidate -d 'Master candidate: yes or no' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -s D -l drained -d 'Takes no new instances: yes or no' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -s O -l offline -d 'Declared dead: yes or no' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l master-capable -d 'May it become master: yes or no' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l vm-capable -d 'May it hold instances: yes or no' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -s s -l secondary-ip -d 'Its secondary IP address' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l capacity -d 'Its size, such as memory=64G,disk=1T,cpus=32; what is not given stays' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l submit -d 'Submit and leave at once'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand modify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l submit -d 'Submit and leave at once'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-tags" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand list-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l from -d 'Those in this file as well, one a line; - is standard input' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l submit -d 'Submit and leave at once'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand add-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l from -d 'Those in this file as well, one a line; - is standard input' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l reason -d 'Why, kept with the job' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l request-id -d 'Join the job that was submitted with this id before' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_node_names)'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l submit -d 'Submit and leave at once'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l print-jobid -d 'Print the job\'s id alone on the first line'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l dry-run -d 'Show what would be done, change nothing'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -l json -d 'Print one JSON document'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand remove-tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "add" -d 'Add a node to the cluster'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "evacuate" -d 'Empty a node: move its instances, and the copies of disks that it holds, elsewhere'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "failover" -d 'Fail over all instances that run on a node, such as a dead one'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "migrate" -d 'Migrate all instances that run on a node'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "info" -d 'Show all that is known of nodes'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "list" -d 'List nodes'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "list-fields" -d 'Explain the fields of the list'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "modify" -d 'Change a node\'s flags or size'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "remove" -d 'Remove an empty node from the cluster'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "list-tags" -d 'List the tags of a node'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "add-tags" -d 'Add tags to a node'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "remove-tags" -d 'Remove tags from a node'
complete -c gnt-node -n "__fish_gnt_node_using_subcommand help; and not __fish_seen_subcommand_from add evacuate failover migrate info list list-fields modify remove list-tags add-tags remove-tags help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'

function __fish_gnt_node_names
    set -l words (commandline -opc)
    $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null | string replace -r -- '^--[^=]*=' ''
end
complete -c gnt-node -n 'set -g __fish_gnt_node_names (__fish_gnt_node_names); test -n "$__fish_gnt_node_names"' -f -a '$__fish_gnt_node_names'
