# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gnt_job_global_optspecs
    string join \n state-dir= d/debug q/quiet v/verbose json h/help V/version
end

function __fish_gnt_job_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gnt_job_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gnt_job_using_subcommand
    set -l cmd (__fish_gnt_job_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gnt-job -n "__fish_gnt_job_needs_command" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_needs_command" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -s V -l version -d 'Print version'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "list" -d 'List jobs'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "list-fields" -d 'Explain the fields of the list'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "info" -d 'Show all that is known of jobs'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "show" -d 'Show all that is known of jobs'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "wait" -d 'Wait for jobs and their children in silence'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "watch" -d 'Show what jobs and their children do until they end'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "cancel" -d 'Cancel jobs and their children'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "change-priority" -d 'Make jobs and their children more or less urgent'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "archive" -d 'Put finished jobs away'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "autoarchive" -d 'Put away all jobs that ended so long ago'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "purge" -d 'Delete jobs that were put away and ended so long ago'
complete -c gnt-job -n "__fish_gnt_job_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l children-of -d 'The children of this job' -r -f -a '(__fish_gnt_job_names)'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l watch -d 'Show it again on changes and every SECONDS [else: 2]' -r -f -a '(__fish_gnt_job_names)'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -s o -l output -d 'Fields to show, separated by commas; +FIELDS adds to the usual ones' -r -f -a '(__fish_gnt_job_names)'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l separator -d 'Put this between fields, and no padding' -r -f -a '(__fish_gnt_job_names)'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l units -d 'Show sizes in h (readable), m, g or t' -r -f -a "h\t'Whichever reads best, with the unit\'s letter'
m\t'MiB'
g\t'GiB'
t\t'TiB'"
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l pending -d 'Those that have not begun, or are being cancelled'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l queued -d 'Those that are submitted and no more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l waiting -d 'Those that wait for locks'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l running -d 'Those that run'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l error -d 'Those that failed'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l finished -d 'Those that have ended'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l archived -d 'Also those that were put away'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l tree -d 'Each job below its parent'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -s F -l filter -d 'The argument is a filter, even if it could be a name'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l no-headers -d 'No line of titles'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list-fields" -l separator -d 'Put this between columns, and no padding' -r -f -a '(__fish_gnt_job_names)'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list-fields" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list-fields" -l no-headers -d 'No line of titles'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list-fields" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list-fields" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list-fields" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list-fields" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand list-fields" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand info" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand info" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand info" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand info" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand info" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand show" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand show" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand show" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand show" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand show" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand wait" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_job_names)'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand wait" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand wait" -l no-children -d 'Only these jobs, not their children'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand wait" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand wait" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand wait" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand wait" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand wait" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand watch" -l timeout -d 'Stop waiting after so long (exit 4); the jobs go on' -r -f -a '(__fish_gnt_job_names)'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand watch" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand watch" -l no-children -d 'Only these jobs, not their children'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand watch" -l json-stream -d 'Print one JSON event a line while waiting'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand watch" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand watch" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand watch" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand watch" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -l timeout -d 'Stop waiting after so long (exit 4)' -r -f -a '(__fish_gnt_job_names)'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -l pending -d 'Those that have not begun, or are being cancelled'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -l queued -d 'Those that are submitted and no more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -l waiting -d 'Those that wait for locks'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -l wait -d 'Wait until they have ended'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -l no-children -d 'Only these jobs, not their children'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -l priority -d 'low, normal or high' -r -f -a "low\t'After all others'
normal\t'As usual'
high\t'Before all others'"
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -l pending -d 'Those that have not begun, or are being cancelled'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -l queued -d 'Those that are submitted and no more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -l waiting -d 'Those that wait for locks'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -l no-children -d 'Only these jobs, not their children'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -s f -l force -l yes -d 'Do not ask for confirmation'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand change-priority" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand archive" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand archive" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand archive" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand archive" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand archive" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand archive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand autoarchive" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand autoarchive" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand autoarchive" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand autoarchive" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand autoarchive" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand autoarchive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand purge" -l export -d 'Append each job to this file as a line of JSON before it is deleted' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand purge" -l state-dir -d 'Where the cluster is kept [else: $GNT_STATE_DIR]' -r -F
complete -c gnt-job -n "__fish_gnt_job_using_subcommand purge" -s d -l debug -d 'Say more about what happens inside; repeat for more'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand purge" -s q -l quiet -d 'Say nothing if all goes well'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand purge" -s v -l verbose -d 'Say more; in lists, long words for missing values'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand purge" -l json -d 'Print one JSON document'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand purge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "list" -d 'List jobs'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "list-fields" -d 'Explain the fields of the list'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "info" -d 'Show all that is known of jobs'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "wait" -d 'Wait for jobs and their children in silence'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "watch" -d 'Show what jobs and their children do until they end'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "cancel" -d 'Cancel jobs and their children'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "change-priority" -d 'Make jobs and their children more or less urgent'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "archive" -d 'Put finished jobs away'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "autoarchive" -d 'Put away all jobs that ended so long ago'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "purge" -d 'Delete jobs that were put away and ended so long ago'
complete -c gnt-job -n "__fish_gnt_job_using_subcommand help; and not __fish_seen_subcommand_from list list-fields info wait watch cancel change-priority archive autoarchive purge help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'

function __fish_gnt_job_names
    set -l words (commandline -opc)
    $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null | string replace -r -- '^--[^=]*=' ''
end
complete -c gnt-job -n 'set -g __fish_gnt_job_names (__fish_gnt_job_names); test -n "$__fish_gnt_job_names"' -f -a '$__fish_gnt_job_names'
